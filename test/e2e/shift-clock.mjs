/**
 * Imported before a worker: its clock is off by `CLOCK_OFF_MS`.
 * Rule: timers run as before; only what time it is differs, as on a host that nobody set.
 */
const off = Number(process.env['CLOCK_OFF_MS']);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Real.now() + off] : parts));
  }

  static now() {
    return Real.now() + off;
  }
};
