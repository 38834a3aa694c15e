#!/bin/sh
# The node and the site's development server side by side, each restarted when its source changes.
set -eu
npm --prefix site run dev &
site=$!
trap 'kill "$site" 2>/dev/null || true' EXIT INT TERM
watchfiles --filter python "pbx serve --data-dir ./data --demo $*" pbx media_ext
