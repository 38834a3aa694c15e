/** Numbers as people paste them. Pure. */

/** "+49 (30) 901-820" and "0049 30 901820" → "+4930901820"; what is no number stays as it is. */
export function plainNumber(text: string): string {
  const trimmed = text.trim();
  if (!/^[+0-9*#][0-9\s().\-/*#]*$/.test(trimmed)) return trimmed;
  const plain = trimmed.replace(/^(\+?\d+)\s*\(0\)/, "$1").replaceAll(/[\s().\-/]/g, "");
  return plain.replace(/^00(?=[1-9])/, "+");
}
