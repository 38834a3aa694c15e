/** The names under which this browser keeps how the frame looks. */
export const SIDE_BAR = "bellwire.sidebar";
export const FOLDED = "bellwire.folded";
