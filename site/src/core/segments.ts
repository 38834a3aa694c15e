/**
 * How many parts a text is sent and paid as (3GPP TS 23.038): 160 letters, 153 each when there are several; with a
 * letter outside that alphabet, such as an emoji, 70 and 67. Counted as the edge counts. Pure.
 */
const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENDED = new Set("\f^{}\\[~]|€");

export interface Segments {
  readonly segments: number;
  /** Of the room in these segments, how much is left. */
  readonly left: number;
  /** Letters that make every segment shorter, each once. */
  readonly costly: readonly string[];
}

export function countSegments(text: string): Segments {
  const letters = Array.from(text);
  const costly = [...new Set(letters.filter((letter) => !BASIC.has(letter) && !EXTENDED.has(letter)))];
  const sizes = letters.map((letter) => (costly.length > 0 ? letter.length : EXTENDED.has(letter) ? 2 : 1));
  const [alone, joined] = costly.length > 0 ? [70, 67] : [160, 153];
  return { ...packed(sizes, alone, joined), costly };
}

function packed(sizes: readonly number[], alone: number, joined: number): Pick<Segments, "segments" | "left"> {
  const units = sizes.reduce((sum, size) => sum + size, 0);
  if (units <= alone) return { segments: units === 0 ? 0 : 1, left: alone - units };
  let segments = 1;
  let left = joined;
  for (const size of sizes) {
    if (size > left) {
      segments += 1;
      left = joined;
    }
    left -= size;
  }
  return { segments, left };
}
