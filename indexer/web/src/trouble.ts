/** What went wrong, in words for whoever reads the page: what it means, and what to do. */
export class Trouble extends Error {
  override readonly name = "Trouble";

  constructor(
    message: string,
    readonly advice: string,
    /** The HTTP status, where the indexer answered at all. */
    readonly status: number | null = null,
  ) {
    super(message);
  }
}
