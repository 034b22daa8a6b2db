/**
 * Runs `work` when it is called, never twice at once: calls that come meanwhile make one more run, `rest` milliseconds
 * after the last. A burst of events must not become a burst of questions, and an older answer must not come last.
 */
export function coalesced(work: () => Promise<void>, rest: number): () => void {
  let isRunning = false;
  let isWanted = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    isWanted = false;
    try {
      await work();
    } finally {
      setTimeout(() => {
        isRunning = false;
        if (isWanted) void run();
      }, rest);
    }
  };
  return () => {
    if (isRunning) isWanted = true;
    else void run();
  };
}
