/** What this browser can do for a page that is closed, and what stands in the way. Pure. */

export interface Surroundings {
  readonly secure: boolean;
  readonly userAgent: string;
  readonly touchPoints: number;
  readonly serviceWorker: boolean;
  readonly pushManager: boolean;
  readonly notification: boolean;
  readonly standalone: boolean;
}

/** `install`: iPhones and iPads give push to pages on the Home Screen alone. */
export type Obstacle = "insecure" | "install" | "unsupported";

/** Safari on a Mac calls itself what an iPad does; an iPad has a screen that is touched. */
export function isIos({ userAgent, touchPoints }: Pick<Surroundings, "userAgent" | "touchPoints">): boolean {
  return /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes("Macintosh") && touchPoints > 1);
}

export function obstacleOf(around: Surroundings): Obstacle | undefined {
  if (!around.secure) return "insecure";
  if (isIos(around) && !around.standalone) return "install";
  return around.serviceWorker && around.pushManager && around.notification ? undefined : "unsupported";
}

export function surroundings(): Surroundings {
  return {
    secure: window.isSecureContext,
    userAgent: navigator.userAgent,
    touchPoints: navigator.maxTouchPoints,
    serviceWorker: "serviceWorker" in navigator,
    pushManager: "PushManager" in window,
    notification: "Notification" in window,
    standalone: window.matchMedia("(display-mode: standalone)").matches || ("standalone" in navigator && navigator.standalone === true),
  };
}
