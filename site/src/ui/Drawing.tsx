interface DrawingProps {
  readonly path: string;
  /** Made of dots: drawn with a broader pen. */
  readonly dotted?: boolean;
  readonly className: string;
}

/** One path in a square of 24, in the colour of the words around it. Nobody reads it aloud. */
export function Drawing({ path, dotted = false, className }: DrawingProps) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={dotted ? 3 : 1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      className={`shrink-0 ${className}`}
    >
      <path d={path} />
    </svg>
  );
}
