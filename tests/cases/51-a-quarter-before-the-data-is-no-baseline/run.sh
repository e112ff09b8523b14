#!/bin/bash
. "$(dirname "$0")/../lib.sh"
ingest store --mapping mapping.toml --source input; say "ingest exit $rc"
figures store

ok=0
for k in leads bookings conversion_90d; do p=$(cell store $k all "(all)" previous); say "$k: value $(cell store $k), previous '$p'; right: none (the records begin on 2026-07-01)"; [ -z "$p" ] || ok=1; done
say "$(row store bookings_change); right: no value and a reason"; null store bookings_change || ok=1
script "$T/store" >"$T/said" 2>"$T/err" <<'P'
import re, sys
import alignment_toolkit as at
s = at.open_study(sys.argv[1], quarter="2026Q3")
k = at.kpis(s.for_leaders())
said = []
def part(name, call):
    try: said.extend(f"{name}: {getattr(line, 'item', line)}" for line in call())
    except Exception as error: print(f"{name} raised {type(error).__name__}: {str(error)[:120]}")
part("minute", lambda: at.summary.in_one_minute(s, k, change=at.summary.conversion_change(s)))
part("change", lambda: at.drivers.words.change_sentences(s))
part("bridge", lambda: at.drivers.words.bridge_sentences(s))
from alignment_toolkit.meeting.agenda import agenda
from alignment_toolkit.meeting.moved import moved
part("agenda", lambda: agenda(s)["item"])
part("pack", lambda: moved(s))
for line in said:
    if re.search(r"from 0\b|before it was|than the (quarter|month) before|since the (quarter|month) before|went from|(rose|fell) from", line) and not re.search(r"cannot|not whole|no (quarter|month) before|begin", line): print(line)
P
prc=$?; say "sentences that compare with it: $(wc -l <"$T/said"), right 0"; cut -c1-220 "$T/said"; [ $prc = 0 ] || tail -1 "$T/err"
[ $prc = 0 ] && [ ! -s "$T/said" ] || ok=1
verdict $ok
