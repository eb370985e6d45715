/**
 * Loaded into the process that a launcher starts: ends it when the launcher is gone, however that ended.
 * Rule: it is asked to end first, and has time to end its own children; only then it is ended.
 */
const POLL_MS = 500;
/** Longer than a worker takes to stop. */
const GRACE_MS = 30_000;

// Children of this process inherit its options, but are not the launcher's own.
if (process.env.COXSWAIN_LAUNCHER_PID === String(process.ppid)) {
  const launcher = process.ppid;
  const poll = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(poll);
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  }, POLL_MS);
  poll.unref();
}
delete process.env.COXSWAIN_LAUNCHER_PID;
