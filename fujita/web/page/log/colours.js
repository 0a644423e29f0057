// Terminal colours → CSS colours that can be read on both themes (contrast ≥ 4.5). Pure arithmetic, no DOM;
// the two grounds are the log's backgrounds in style/tokens.css.

export const GROUNDS = { light: [255, 255, 255], dark: [22, 24, 29] };
const INKS = { light: [31, 35, 40], dark: [214, 219, 226] };
const ENOUGH = 4.5;

// black, red, green, yellow, blue, magenta, cyan, white, and the same bright
const PALETTE = {
  light: [
    [31, 35, 40],
    [196, 26, 38],
    [20, 112, 52],
    [125, 86, 0],
    [9, 92, 200],
    [143, 48, 173],
    [7, 108, 122],
    [92, 99, 108],
    [87, 94, 103],
    [214, 40, 40],
    [26, 127, 55],
    [154, 103, 0],
    [33, 107, 220],
    [162, 63, 190],
    [14, 122, 138],
    [110, 119, 129],
  ],
  dark: [
    [110, 118, 129],
    [255, 120, 112],
    [86, 200, 110],
    [222, 176, 64],
    [105, 172, 255],
    [206, 147, 240],
    [76, 200, 212],
    [201, 206, 214],
    [139, 148, 158],
    [255, 150, 142],
    [120, 220, 140],
    [240, 200, 96],
    [140, 194, 255],
    [222, 176, 250],
    [112, 220, 230],
    [240, 243, 246],
  ],
};

const step = (value) => (value === 0 ? 0 : 55 + value * 40);

/** A colour's number → [red, green, blue] on a theme. */
export function rgb(colour, theme) {
  if (colour >= 0x1000000) return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
  if (colour < 16) return PALETTE[theme][colour];
  if (colour >= 232) return Array(3).fill(8 + (colour - 232) * 10);
  const index = colour - 16;
  return [step(Math.floor(index / 36)), step(Math.floor(index / 6) % 6), step(index % 6)];
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG's contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const mix = (one, other, share) => one.map((part, i) => Math.round(part + (other[i] - part) * share));

/** The colour nearest to `ink` that can be read on `ground`. */
export function readable(ink, ground) {
  if (contrast(ink, ground) >= ENOUGH) return ink;
  const goal = luminance(ground) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  let share = 0;
  let colour = ink;
  while (contrast(colour, ground) < ENOUGH && share < 1) {
    share += 0.05;
    colour = mix(ink, goal, Math.min(share, 1));
  }
  return colour;
}

/** What a style looks like on a theme: `{ink, ground}`, ground null where the log's own shows through. */
export function look(style, theme) {
  let ink = style.fg === null ? INKS[theme] : rgb(style.fg, theme);
  let ground = style.bg === null ? null : rgb(style.bg, theme);
  if (style.inverse) [ink, ground] = [ground ?? GROUNDS[theme], ink];
  const behind = ground ?? GROUNDS[theme];
  if (style.dim) ink = mix(ink, behind, 0.4);
  return { ink: readable(ink, behind), ground };
}

const css = (colour) => `rgb(${colour.join(" ")})`;

/** CSS for both themes at once: `{color, backgroundColor}`, empty where the style says nothing of it. */
export function cssColours(style) {
  if (style.fg === null && style.bg === null && !style.inverse && !style.dim) return { color: "", backgroundColor: "" };
  const [light, dark] = [look(style, "light"), look(style, "dark")];
  return {
    color: `light-dark(${css(light.ink)}, ${css(dark.ink)})`,
    backgroundColor: light.ground ? `light-dark(${css(light.ground)}, ${css(dark.ground)})` : "",
  };
}
