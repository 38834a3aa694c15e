/** Numbers of the outside world as people read them. Pure. */

/** "+12025550123" → "+1 202 555 0123"; of other countries the digits stand in groups of three behind the code. */
export function readable(number: string): string {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (american !== null) return `+1 ${american[1]} ${american[2]} ${american[3]}`;
  const other = /^\+(\d{2})(\d{3,})$/.exec(number);
  if (other === null) return number;
  return `+${other[1]} ${(other[2] ?? "").replaceAll(/(\d{3})(?=\d{2})/g, "$1 ")}`;
}
