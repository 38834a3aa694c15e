/** The icon set: 24-unit line drawings, always beside words or with a label on their button. */
const PATHS = {
  dashboard: "M4 13a8 8 0 0 1 16 0M12 13l3.5-4M4.5 18h15",
  live: "M5 9v6M9 6v12M13 9.500v5M17 7v10M21 10.500v3M1.5 11v2",
  phone:
    "M6.5 4h2.200l1.6 4.2-2.1 1.500a12 12 0 0 0 6.1 6.100l1.5-2.100L20 15.300v2.200A2.5 2.5 0 0 1 17.5 20 13.5 13.5 0 0 1 4 6.5 2.5 2.5 0 0 1 6.5 4Z",
  history: "M4 5v4.500h4.500M4.3 9.500A8 8 0 1 1 4 12.500M12 8v4.500l3 2",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM20 20l-4.9-4.9",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19.5 7",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  eyeOff: "M4 4l16 16M9.9 6a9 9 0 0 1 2.1-.3c6 0 9.5 6.3 9.5 6.300a16 16 0 0 1-2.7 3.400M14.2 14.300a3 3 0 0 1-4.4-4.200M6.4 7.500A15 15 0 0 0 2.5 12S6 18.5 12 18.500a9 9 0 0 0 4-.9",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M18.7 5.300l-1.4 1.400M6.7 17.300l-1.4 1.4",
  moon: "M20 14.500A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.500Z",
  system: "M3.5 5h17v11h-17zM9 20h6M12 16v4",
  logOut: "M14 5H5v14h9M10 12h10.500M17 8.500l3.5 3.5-3.5 3.5",
  trash: "M4.5 7h15M9.5 7V4.500h5V7M6.5 7l1 12.500h9l1-12.500M10.5 11v5M13.5 11v5",
  chevronRight: "M9.5 6l6 6-6 6",
  chevronLeft: "M14.5 6l-6 6 6 6",
  arrowRight: "M4.5 12h15M14 6.500l5.5 5.5-5.5 5.5",
  bell: "M6 17c1.6-1.6 1.5-3.8 1.5-6a4.5 4.5 0 0 1 9 0c0 2.2-.1 4.4 1.5 6ZM10.3 19.800a2 2 0 0 0 3.4 0",
  pause: "M9 6v12M15 6v12",
  node: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01M11 8h5M11 16h5",
  dice: "M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01",
  restart: "M19.5 5v4.500H15M19.4 9.500A8 8 0 1 0 20 12.5",
  warning: "M12 4 21 19.500H3ZM12 10v4.500M12 17h.01",
  unplugged: "M4 4l16 16M9 9l-2.5 2.500a4 4 0 0 0 5.6 5.600L14.5 15M8 3.5 9.5 6M13 6.500l2-2M3 21l3.5-3.500M17.5 12.500a4 4 0 0 0-6-6",
  grip: "M9 5.5h.01M9 12h.01M9 18.500h.01M15 5.500h.01M15 12h.01M15 18.500h.01",
  edit: "M4.5 19.500h3.800L19.500 8.300l-3.800-3.800L4.500 15.700zM13.500 6.700l3.800 3.800",
  list: "M8.500 6.500H20M8.500 12H20M8.500 17.500H20M4.500 6.500h.01M4.500 12h.01M4.500 17.500h.01",
  sort: "M8 4.500v15M4.500 16 8 19.500 11.500 16M16 19.500v-15M12.500 8 16 4.500 19.500 8",
  download: "M12 4v11M7 10.500l5 5 5-5M4.500 20h15",
  upload: "M12 15.500v-11M7 9.500l5-5 5 5M4.500 20h15",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 7.500V12l3 2",
  people: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 19.500a6.500 6.500 0 0 1 13 0M15.500 4.800a3.500 3.500 0 0 1 0 6.400M18 14a6.500 6.500 0 0 1 3.500 5.500",
  calendar: "M4.500 6h15v14h-15zM4.500 10h15M8.500 3.500V7M15.500 3.500V7",
  play: "M8 5.500v13l10.500-6.500Z",
  stop: "M7 7h10v10H7z",
  mic: "M12 14.500a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3ZM6 11.500a6 6 0 0 0 12 0M12 17.500V21",
  micOff: "M4 4l16 16M9 9v2.500a3 3 0 0 0 4.500 2.600M15 10.500v-4a3 3 0 0 0-5.700-1.300M6 11.500a6 6 0 0 0 9.500 4.900M18 11.500a6 6 0 0 1-.4 2.200M12 17.500V21",
  voicemail: "M6.500 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM17.500 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM6.500 15.500h11",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  star: "M12 4l2.400 5 5.600.7-4.100 3.800 1.100 5.500-5-2.800-5 2.800 1.100-5.500L4 9.700 9.600 9Z",
  chart: "M4.500 4.500v15h15M8.500 15.500v-4M12.500 15.500v-8M16.500 15.500v-6",
  expand: "M9 4.500H4.500V9M15 4.500h4.500V9M9 19.500H4.500V15M15 19.500h4.500V15",
  forward: "M13 6.500l6.500 5.500-6.500 5.500v-3.700c-4 0-7 1.200-9 4.200.4-5.200 3.200-7.800 9-8.300Z",
  record: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z",
  undo: "M5 5.500v4.500h4.500M5.300 9.500A8 8 0 1 1 4.500 14",
  filter: "M4.500 6h15M7.500 12h9M10.500 18h3",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20a7.5 7.5 0 0 1 15 0",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "size-4" }: { readonly name: IconName; readonly className?: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      className={`shrink-0 ${className}`}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a bell drawn with one wire. */
export function Logo({ className = "size-8" }: { readonly className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className={`shrink-0 ${className}`}>
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <g fill="none" strokeWidth={2.3} strokeLinecap="round" strokeLinejoin="round" className="stroke-on-accent">
        <path d="M4 22h6c2.3-2 2-5 2-7.500a5.5 5.5 0 0 1 11 0c0 2.5-.3 5.5 2 7.500h3" />
        <path d="M15 26.200a2.7 2.7 0 0 0 5 0" />
      </g>
    </svg>
  );
}
