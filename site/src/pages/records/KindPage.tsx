import { getRouteApi } from "@tanstack/react-router";
import { KINDS } from "../../office/kinds.ts";
import { RecordPage } from "../../records/RecordPage.tsx";
import { NotFound } from "../../shell/Faults.tsx";

const route = getRouteApi("/office/records/$kind");

/** The records of any kind. */
export function KindPage() {
  const { kind } = route.useParams();
  if (!KINDS.some((each) => each.name === kind)) return <NotFound />;
  return <RecordPage key={kind} kind={kind} />;
}
