/** Programs: what may talk to this node by itself, what each may do, and until when. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { EVERYTHING, wishesOf } from "../../core/scopes.ts";
import { formatDay } from "../../core/time.ts";
import { deleteToken, TOKENS, tokensQuery, type Program } from "../../office/accounts.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { DeleteButton } from "../../ui/DeleteButton.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { useNow } from "../../ui/now.ts";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { NewToken } from "./NewToken.tsx";

const route = getRouteApi("/office/tokens");

export function TokensPage() {
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(tokensQuery);
  const go = (next: { open?: string }) => void navigate({ search: next, resetScroll: false });
  const add = (
    <Button look="primary" icon="plus" onClick={() => go({ open: "new" })}>
      {t.admin.tokens.add}
    </Button>
  );
  return (
    <>
      <PageHead title={t.nav.tokens} lead={t.admin.tokens.lead}>
        {add}
      </PageHead>
      <Panel label={t.nav.tokens}>
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="key" title={t.admin.tokens.none} help={t.admin.tokens.noneHelp}>
                {add}
              </EmptyState>
            ) : (
              <ul className="divide-y divide-line">
                {items.map((token) => (
                  <Row key={token.id} token={token} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      {open === "new" && <NewToken onClose={() => go({})} />}
    </>
  );
}

function Row({ token }: { readonly token: Program }) {
  const say = useSay();
  const client = useQueryClient();
  const now = useNow();
  const day = (at: string) => formatDay(at, now, t.locale, t.history);
  const over = token.expires_at !== null && Date.parse(token.expires_at) <= now;
  return (
    <li data-token={token.name} className="flex items-center gap-3 py-3 pr-3 pl-4 sm:pl-5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium">
          {token.name}
          {over && <StatusMark tone="bad">{t.admin.tokens.over}</StatusMark>}
        </p>
        <p className="text-small text-soft">{scopeWords(token.scopes)}</p>
        <p className="text-small text-faint">
          {t.admin.tokens.made(day(token.created_at))}
          {" · "}
          {token.last_used_at === null ? t.admin.tokens.neverUsed : t.admin.tokens.used(day(token.last_used_at))}
          {" · "}
          {token.expires_at === null ? t.admin.tokens.forEver : t.admin.tokens.until(day(token.expires_at))}
        </p>
      </div>
      <DeleteButton
        compact
        label={t.admin.tokens.delete(token.name)}
        title={`${t.admin.tokens.delete(token.name)}?`}
        help={t.admin.tokens.deleteHelp}
        confirm={t.admin.tokens.deleteConfirm}
        onDelete={() => deleteToken(token.id)}
        onDone={() => {
          say(t.admin.tokens.deleted(token.name));
          void client.invalidateQueries({ queryKey: TOKENS });
        }}
      />
    </li>
  );
}

function scopeWords(scopes: readonly string[]): string {
  if (scopes.includes(EVERYTHING)) return t.admin.tokens.everything;
  const { whole, part, other } = wishesOf(scopes);
  return [
    ...whole.map((wish) => t.admin.tokens.wishes[wish.name].label),
    ...part.map((wish) => t.admin.tokens.inPart(t.admin.tokens.wishes[wish.name].label)),
    ...other,
  ].join(", ");
}
