/**
 * Imported before a worker: shifts its clock by `CLOCK_OFF_MS`.
 * Rule: timers run as before; only the time of day differs, as on a host with a wrong clock.
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
