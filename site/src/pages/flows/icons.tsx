/** Pictures of the node types and of the editor's tools, in the manner of `ui/Icon.tsx`. */
const PATHS: Readonly<Record<string, string>> = {
  // node types
  inbound_number: "M19.500 4.500 12 12M12 6.500V12h5.500M5 4.500h2.500l1.500 4-2 1.500a11 11 0 0 0 5 5l1.500-2 4 1.500V17a2.500 2.500 0 0 1-2.500 2.500A13 13 0 0 1 4.500 6.500",
  extension: "M7 3.500h10v17H7zM10.500 17.500h3M9.500 7h5M9.500 10h5",
  page: "M4 10v4h3l6 4.500v-13L7 10zM16.500 9a4 4 0 0 1 0 6M19 6.500a7.500 7.500 0 0 1 0 11",
  park: "M4.500 4.500h15v15h-15zM9.500 16.500v-9h3.500a2.800 2.800 0 0 1 0 5.600H9.500",
  queue: "M5 8.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM12 8.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM19 8.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM4 13h16M4 16.500h16M4 20h10",
  ring_group: "M9 4h6v5H9zM3 15h6v5H3zM15 15h6v5h-6zM12 9v3M6 15v-3h12v3",
  transfer: "M4 12h13M12.500 7l5 5-5 5M20.500 5v14",
  receptionist: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20a7.500 7.500 0 0 1 15 0M18 3.500v3M16.500 5h3",
  collect_digits: "M5 5h.01M12 5h.01M19 5h.01M5 12h.01M12 12h.01M19 12h.01M5 19h.01M12 19h.01M19 19h.01",
  dial_by_name: "M4 18.500 8 6l4 12.500M5.300 14.500h5.400M15 9h5l-5 9.500h5.500",
  menu: "M6 4h12v16H6zM9.500 8h.01M14.500 8h.01M9.500 12h.01M14.500 12h.01M9.500 16h.01M14.500 16h.01",
  play: "M4 9.500h3.500L12 5.500v13l-4.500-4H4zM15.500 9.500a4 4 0 0 1 0 5M18 7a8 8 0 0 1 0 10",
  say: "M4 5h16v11H11l-4.500 4v-4H4zM8 9h8M8 12h5",
  conference: "M8.500 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM15.500 11a3 3 0 1 0 0-6M3 19a5.500 5.500 0 0 1 11 0M15.500 13.600A5.500 5.500 0 0 1 21 19",
  record: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  caller_list: "M4 6.500h9M4 12h9M4 17.500h9M16 7l1.500 1.500L20.500 5.500M16.500 16l3.500 3.500M20 16l-3.500 3.500",
  condition: "M12 3.500 20.500 12 12 20.500 3.500 12zM9.500 12h5",
  go_to: "M4.500 5v6a3 3 0 0 0 3 3H19M14.500 9.500 19 14l-4.500 4.500",
  hang_up: "M3.500 14.500c5-5 12-5 17 0l-2 3-3.500-1.500v-2.500a9 9 0 0 0-6 0V16l-3.500 1.500z",
  set_caller_id: "M4 5.500h16v13H4zM9 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6 16a3 3 0 0 1 6 0M15 9.500h2.500M15 13h2.500",
  set_value: "M4.500 8.500h9M4.500 15.500h9M17 6.500v11M14.500 15 17 17.500 19.500 15",
  time_switch: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 7.500V12l3 2",
  wait: "M7 3.500h10M7 20.500h10M8 3.500c0 5 8 6 8 8.500s-8 3.500-8 8.500M16 3.500c0 5-8 6-8 8.500s8 3.500 8 8.500",
  webhook: "M9.500 14.500l5-5M8 11l-2.500 2.500a3.500 3.500 0 0 0 5 5L13 16M16 13l2.500-2.500a3.500 3.500 0 0 0-5-5L11 8",
  call_back: "M5 4.500h2.500l1.500 4-2 1.500a11 11 0 0 0 5 5l1.500-2 4 1.500V17a2.500 2.500 0 0 1-2.500 2.500A13 13 0 0 1 4.500 7M19.500 9.500H14V4M14 9.500l6-6",
  check_voicemail: "M6 14.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM16 14.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM6 14.500h10M15 20l2 1.500 4-4",
  voicemail: "M6.500 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM17.500 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM6.500 15.500h11",
  send_email: "M3.500 6h17v12.500h-17zM4 7l8 6 8-6",
  send_text: "M4 5h16v11H11l-4.500 4v-4H4zM8.500 10.500h.01M12 10.500h.01M15.500 10.500h.01",
  unknown: "M5 5h14v14H5zM10 10a2 2 0 1 1 2.500 2v1.500M12.500 16h.01",
  // tools
  undo: "M8.500 5 4 9.500 8.500 14M4.500 9.500H14a5.500 5.500 0 0 1 0 11H9",
  redo: "M15.500 5 20 9.500 15.500 14M19.500 9.500H10a5.500 5.500 0 0 0 0 11h5",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  tidy: "M4 9.500h5v5H4zM15 4h5v5h-5zM15 15h5v5h-5zM9 12h3M12 12V6.500h3M12 12v5.500h3",
  list: "M9 6.500h11M9 12h11M9 17.500h11M4.500 6.500h.01M4.500 12h.01M4.500 17.500h.01",
  canvas: "M3.500 5h7v5h-7zM13.500 14h7v5h-7zM10.500 7.500H13v9h.500",
  note: "M4.500 4.500h15v10l-5 5h-10zM19.500 14.500h-5v5",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  download: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4.500 19.500h15",
  upload: "M12 15.500v-11M7.500 9 12 4.500 16.500 9M4.500 19.500h15",
  duplicate: "M8.500 8.500h11v11h-11zM15.500 8.500v-4h-11v11h4",
  keyboard: "M3 6.500h18v11H3zM7 10.500h.01M11 10.500h.01M15 10.500h.01M8 14h8",
  flag: "M5.500 21V4h12l-2.500 4 2.500 4h-12",
  palette: "M4 4.500h6.500V11H4zM13.500 4.500H20V11h-6.500zM4 14h6.500v6.500H4zM16.750 14v6.500M13.500 17.250H20",
  end: "M7 7h10v10H7z",
  scissors: "M4 4l16 16M20 4 4 20",
  flow: "M3.500 4.500h6.500v4H3.500zM14 10h6.500v4H14zM14 16.500h6.500v4H14zM10 6.500h2v12h2M12 12h2",
};

export function FlowIcon({ name, className = "size-4" }: { readonly name: string; readonly className?: string }) {
  const dotted = name === "collect_digits" || name === "more";
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
      <path d={Object.hasOwn(PATHS, name) ? PATHS[name] : PATHS["unknown"]} />
    </svg>
  );
}
