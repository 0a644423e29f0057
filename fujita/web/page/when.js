// Times, durations, counts and sizes in the reader's own language, by Intl. Pure functions.

const numbers = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
});
const shortClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const shortDay = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const count = (value) => numbers.format(value);
export const clockTime = (unix) => clock.format(unix * 1000);
export const shortTime = (unix) => (isToday(unix) ? shortClock : shortDay).format(unix * 1000);
export const fullTime = (unix) => day.format(unix * 1000);

const isToday = (unix) => new Date(unix * 1000).toDateString() === new Date().toDateString();

const UNITS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** "12 min", "1 h 5 min", "3 s": the two largest units, only one for short times. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const at = UNITS.findIndex(([size]) => whole >= size);
  if (at < 0) return "0 s";
  const [size, unit] = UNITS[at];
  const first = `${Math.floor(whole / size)} ${unit}`;
  if (at >= 2) return first;
  const [below, belowUnit] = UNITS[at + 1];
  const rest = Math.floor((whole % size) / below);
  return rest ? `${first} ${rest} ${belowUnit}` : first;
}

export function bytes(value) {
  const mebibytes = value / 1024 / 1024;
  return mebibytes >= 1024 ? `${(mebibytes / 1024).toFixed(1)} GB` : `${Math.round(mebibytes)} MB`;
}

export const percent = (share) => `${Math.round(share * 100)} %`;
