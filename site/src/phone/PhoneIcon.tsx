/** Drawings that only the phone needs, in the manner of `Icon`. */
import { Drawing } from "../ui/Drawing.tsx";

const PATHS = {
  keypad: "M6 5.500h.01M12 5.500h.01M18 5.500h.01M6 11.500h.01M12 11.500h.01M18 11.500h.01M6 17.500h.01M12 17.500h.01M18 17.500h.01",
  hangUp: "M3.500 14.800c0-1 .3-1.900.9-2.600C6.300 10 9 9 12 9s5.700 1 7.600 3.200c.6.7.9 1.600.9 2.600v.7a1 1 0 0 1-1.200 1l-3-.7a1 1 0 0 1-.8-1v-2.100a11 11 0 0 0-7 0v2.100a1 1 0 0 1-.8 1l-3 .7a1 1 0 0 1-1.200-1z",
  backspace: "M8.500 5.500H20v13H8.500L3 12zM11.500 9.500l5 5M16.500 9.500l-5 5",
  transfer: "M4 17.500v-3a4.500 4.500 0 0 1 4.500-4.500H19M14.500 5.500 19 10l-4.500 4.500",
  merge: "M4 5.500h3c5 0 3.500 6.500 9 6.500h3.500M4 18.500h3c5 0 3.500-6.500 9-6.500M16 8.500 19.500 12 16 15.500",
  parking: "M5 4h14v16H5zM10 16.500v-9h3a2.700 2.700 0 0 1 0 5.400h-3",
  headset: "M4.500 15v-3a7.500 7.500 0 0 1 15 0v3M4.500 14h2.500v5.500H5.500a1 1 0 0 1-1-1zM19.500 14H17v5.500h1.500a1 1 0 0 0 1-1zM17 19.500c0 1-1.500 2-4 2",
  incoming: "M19 5 7 17M7 9v8h8",
  outgoing: "M5 19 17 7M9 7h8v8",
  missed: "M4 7l7 7 9-9M4 13V7h6",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5M8.500 8.500h7M8.500 12h4",
} as const;

export type PhoneIconName = keyof typeof PATHS;

export function PhoneIcon({ name, className = "size-4" }: { readonly name: PhoneIconName; readonly className?: string }) {
  return <Drawing path={PATHS[name]} dotted={name === "keypad"} className={className} />;
}
