/** Something in a proof does not hold. The text says what, in words for whoever reads the page. */
export class Fault extends Error {
  override readonly name = "Fault";
}
