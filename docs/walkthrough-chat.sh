#!/usr/bin/env bash
# Chat and calls, with nothing but curl and Node's WebSocket: a question that the FAQ answers in Korean and in English, where an order is,
# the hand-over to a person, an agent who claims and answers, a connection that is cut in mid-talk, the log without a gap or a double, and
# out of hours a call-back that is booked, reminded of, called and noted. It moves the shop's clock by up to four days.
# Reads the address from $API (default http://localhost:8080); start `make run` first. Node 20 or newer.
set -euo pipefail
API=${API:-http://localhost:8080}
run=$(date +%s%N)
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# get EXPRESSION prints what it makes of the JSON v on standard input.
get() { node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const v=JSON.parse(t);console.log(eval(process.argv[1]))})' "$1"; }
call() { curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected $3 to be $2, got $1" >&2; exit 1; }; echo "$3: $1"; }
token() { call -X POST "$API/dev/token" -d "$1" | get v.access_token; }
to() { call -X POST "$API/dev/clock" -d "{\"to\":\"$1\"}" >/dev/null; }
people() { # tokens end before the clock has moved far
  customer=$(token "{\"sub\":\"bora-$run\",\"email\":\"bora-$run@example.com\"}")
  bora=(-H "Authorization: Bearer $customer")
  agent=(-H "Authorization: Bearer $(token "{\"sub\":\"agent-$run\",\"groups\":[\"agent\"]}")")
  merchant=(-H "Authorization: Bearer $(token '{"sub":"merchant-1","groups":["merchant"]}')")
}
# send CONVERSATION JSON HEADERS...: a message; prints the answer.
send() {
  local id=$1 body=$2; shift 2
  call -X POST "$API/chat/conversations/$id/messages" "$@" -d "{\"clientId\":\"walk-$(date +%s%N)-$RANDOM\",$body}"
}
last='v.messages.filter(m=>m.role!=="shopper").pop()'

people
say "The team answers now: whatever the hour, until the timetable's next switch"
call -X PUT "$API/teams/care/override" "${agent[@]}" -d '{"open":true}' | get '"on duty: "+v.hours.override.open'

say "1. A guest asks in Korean and in English; the FAQ answers and names its entry"
for pair in 'ko:배송비는 얼마인가요?' 'en:How much is shipping?'; do
  begun=$(call -X POST "$API/chat/conversations" -d "{\"language\":\"${pair%%:*}\",\"text\":\"${pair#*:}\"}")
  get "$last.text" <<<"$begun"
  expect "$(get "$last.faqEntry" <<<"$begun")" shipping-cost "the entry"
done

say "2. A customer asks where the order is: the bot shows it"
variant=$(call "$API/products/tangerine-hand-cream" | get 'v.variants[0].id')
call -X POST "$API/carts" "${bora[@]}" -d '{"currency":"KRW","language":"ko"}' >/dev/null
call -X POST "$API/carts/mine/lines" "${bora[@]}" -d "{\"variantId\":\"$variant\",\"quantity\":1}" >/dev/null
call -X PUT "$API/carts/mine/contact" "${bora[@]}" -d "{\"email\":\"bora-$run@example.com\",\"language\":\"ko\"}" >/dev/null
call -X PUT "$API/carts/mine/address" "${bora[@]}" -d '{"name":"이보라","line1":"왕십리로 83","postalCode":"04769","country":"KR"}' >/dev/null
cart=$(call -X PUT "$API/carts/mine/shipping-method" "${bora[@]}" -d '{"methodId":"standard"}' | get v.id)
order=$(call -X POST "$API/carts/$cart/checkout" "${bora[@]}" -H "Idempotency-Key: chat-$run" -d '{"paymentMethod":"pm_card_visa"}' | get v.orderId)
id=$(call -X POST "$API/chat/conversations" "${bora[@]}" -d '{"language":"ko","name":"이보라"}' | get v.conversation.id)
status=$(send "$id" '"pressed":"action:order_status"' "${bora[@]}")
get "$last.text" <<<"$status"
echo "order $order"

say "3. She wants a person: the conversation waits in the queue, and the bot says nothing more"
expect "$(send "$id" '"text":"상담원 연결해 주세요"' "${bora[@]}" | get v.conversation.state)" queued "state"
send "$id" '"text":"배송비는 얼마인가요?"' "${bora[@]}" | get '"messages of the bot: "+v.messages.filter(m=>m.role==="bot").length'

say "4. An agent sees her orders, claims and answers"
call -X PUT "$API/chat/agents/me" "${agent[@]}" -d '{"name":"지은","teams":["care"],"languages":["ko"],"limit":4,"online":true}' >/dev/null
call "$API/chat/conversations/$id/context" "${agent[@]}" | get '"orders "+v.orders.length+", returns "+v.returns.length+", VIP "+v.vip'
expect "$(call -X POST "$API/chat/conversations/$id/claim" "${agent[@]}" | get v.state)" agent "state"
send "$id" '"text":"안녕하세요, 지은입니다. 오늘 보내 드릴게요."' "${agent[@]}" >/dev/null

say "5. Her connection is cut in mid-talk; what was written meanwhile comes once, in order"
ticket() { call -X POST "$API/chat/tickets" "${bora[@]}" -d '{}' | get v.url; }
cat >"${TMPDIR:-/tmp}/talk-$run.mjs" <<'JS'
// Says hello, prints what the log has after a number, and then either cuts the connection or ends.
const [url, id, since] = process.argv.slice(2);
const socket = new WebSocket(url);
socket.onopen = () => socket.send(JSON.stringify({ do: "hello", conversationId: id, since: Number(since) }));
socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  if (frame.type === "error") { console.error(data); process.exit(1); }
  if (frame.type !== "welcome") return;
  console.log(JSON.stringify({ seq: frame.seq, seqs: (frame.messages || []).map((m) => m.seq) }));
  process.exit(0); // without a close frame, as a lost network ends a connection
};
setTimeout(() => process.exit(1), 10000);
JS
talk="${TMPDIR:-/tmp}/talk-$run.mjs"
trap 'rm -f "$talk"' EXIT
before=$(node --experimental-websocket "$talk" "$(ticket)" "$id" 0 | get v.seq)
for text in "송장 번호가 나오면 알려 드릴게요." "더 필요하신 것이 있나요?"; do send "$id" "\"text\":\"$text\"" "${agent[@]}" >/dev/null; done
missed=$(node --experimental-websocket "$talk" "$(ticket)" "$id" "$before")
expect "$(get 'v.seqs.join()' <<<"$missed")" "$((before + 1)),$((before + 2))" "the numbers that she had missed"
log=$(call "$API/chat/conversations/$id/messages?limit=100" "${bora[@]}")
expect "$(get 'v.messages.every((m, i) => m.seq === i + 1)' <<<"$log")" true "the log has every number once"
call -X POST "$API/chat/conversations/$id/close" "${agent[@]}" >/dev/null
expect "$(call -X POST "$API/chat/conversations/$id/rating" "${bora[@]}" -d '{"score":5}' | get v.rating)" 5 "her rating"

say "6. Out of hours: one notice with the promised time, and a call-back instead of silence"
call -X PUT "$API/teams/care/override" "${agent[@]}" -d '{"open":false}' >/dev/null
call -X POST "$API/dev/clock" -d '{"advance":"2m"}' >/dev/null # teams are kept in memory for a while
id=$(call -X POST "$API/chat/conversations" "${bora[@]}" -d '{"language":"ko","name":"이보라"}' | get v.conversation.id)
notice=$(send "$id" '"text":"상담원 연결해 주세요"' "${bora[@]}")
get "$last.text" <<<"$notice"
expect "$(get "$last.notice" <<<"$notice")" out_of_hours "the notice"
from=$(call "$API/calls/slots" | get 'v.slots[0].from')
number="+82105$(printf %07d "$((run % 10000000))")" # one that got no code in this shop yet
verification=$(call -X POST "$API/calls/verifications" "${bora[@]}" -d "{\"number\":\"$number\"}" | get v.verification)
code=$(call "$API/dev/phone/texts" | get 'v.texts.pop().text.match(/[0-9]{6}/)[0]')
expect "$(call -X POST "$API/calls/verifications/prove" "${bora[@]}" -d "{\"verification\":\"$verification\",\"code\":\"$code\"}" | get v.number)" \
  "…${number: -4}" "the number, proved by the code of a text message"
booked=$(call -X POST "$API/calls" "${bora[@]}" \
  -d "{\"clientId\":\"walk-$run\",\"from\":\"$from\",\"name\":\"이보라\",\"number\":\"$number\",\"verification\":\"$verification\",\"topic\":\"교환\",\"conversationId\":\"$id\"}")
phone=$(get v.id <<<"$booked")
get '"booked for "+v.slotFrom+", number "+v.number' <<<"$booked"

say "7. The reminder, the call and its note are in the same log"
to "$from"
people
call -X PUT "$API/chat/agents/me" "${agent[@]}" -d '{"name":"지은","teams":["care"],"languages":["ko"],"limit":4,"online":true}' >/dev/null
call -X POST "$API/calls/$phone/begin" "${agent[@]}" | get '"the agent sees "+v.number+", dialing "+v.dialing'
call "$API/dev/phone/calls" | get '"the telephone network has a call to "+v.calls.pop().to'
call -X POST "$API/calls/$phone/outcome" "${agent[@]}" -d '{"outcome":"reached","note":"교환으로 안내함"}' | get '"call: "+v.state'
log=$(call "$API/chat/conversations/$id/messages?limit=100" "${agent[@]}")
expect "$(get 'v.messages.map(m=>m.notice).filter(n=>n&&n.startsWith("call_")).join()' <<<"$log")" call_booked,call_reminder,call_due "notices of the call"
expect "$(get 'v.messages.some(m=>m.internal&&m.text.includes("교환으로 안내함"))' <<<"$log")" true "the agent's note is in the log"
say "Done."
