#!/usr/bin/env bash
# What comes after a purchase, with nothing but curl: three products with an order discount and a gift go back one by one, and the refunds
# add up to the unit; an exchange for a dearer size asks for the difference; a faulty item is replaced; an order that was not shipped loses a
# line, gets another address and one more product; the third business day rings the alarm. It moves the shop's clock by about two weeks.
# Reads the address from $API (default http://localhost:8080); start `make run` first.
set -euo pipefail
API=${API:-http://localhost:8080}
run=$(date +%s%N)
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# get EXPRESSION prints what it makes of the JSON v on standard input.
get() { node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const v=JSON.parse(t);console.log(eval(process.argv[1]))})' "$1"; }
call() { curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected $3 to be $2, got $1" >&2; exit 1; }; echo "$3: $1"; }
token() { call -X POST "$API/dev/token" -d "$1" | get v.access_token; }
advance() { call -X POST "$API/dev/clock" -d "{\"advance\":\"$1\"}" >/dev/null; }
key() { echo "Idempotency-Key: returns-$run-$(date +%s%N)-$RANDOM"; }
people() { # tokens end before the clock has moved far
  ann=(-H "Authorization: Bearer $(token "{\"sub\":\"ann-$run\",\"email\":\"ann-$run@example.com\"}")")
  agent=(-H "Authorization: Bearer $(token '{"sub":"agent-1","groups":["agent"]}')")
  merchant=(-H "Authorization: Bearer $(token '{"sub":"merchant-1","groups":["merchant"]}')")
}
people
variant() { call "$API/products/$1" | get "v.variants[${2:-0}].id"; }

# fill VARIANT...: Ann's cart has one of each. Sets cart to its id.
fill() {
  call -X POST "$API/carts" "${ann[@]}" -d '{"currency":"KRW","language":"ko"}' >/dev/null
  local v
  for v in "$@"; do call -X POST "$API/carts/mine/lines" "${ann[@]}" -d "{\"variantId\":\"$v\",\"quantity\":1}" >/dev/null; done
  call -X PUT "$API/carts/mine/contact" "${ann[@]}" -d "{\"email\":\"ann-$run@example.com\",\"language\":\"ko\"}" >/dev/null
  call -X PUT "$API/carts/mine/address" "${ann[@]}" -d '{"name":"김하늘","line1":"왕십리로 83","postalCode":"04769","country":"KR"}' >/dev/null
  cart=$(call -X PUT "$API/carts/mine/shipping-method" "${ann[@]}" -d '{"methodId":"standard"}' | get v.id)
}
# buy: the cart becomes an order. Sets order to its id.
buy() { order=$(call -X POST "$API/carts/$cart/checkout" "${ann[@]}" -H "$(key)" -d '{"paymentMethod":"pm_card_visa"}' | get v.orderId); }
deliver() {
  call -X POST "$API/orders/$1/fulfillments" "${agent[@]}" -d '{"carrier":"cj","trackingNumber":"6890"}' >/dev/null
  call -X POST "$API/orders/$1/fulfillments/1/delivered" "${agent[@]}" >/dev/null
}
# ask ORDER BODY: quotes a return and requests it as quoted. Sets quote and return.
ask() {
  quote=$(call -X POST "$API/orders/$1/returns/quote" "${ann[@]}" -d "$2")
  return=$(call -X POST "$API/orders/$1/returns" "${ann[@]}" -H "$(key)" \
    -d "$(node -p 'JSON.stringify({...JSON.parse(process.argv[1]), quote: JSON.parse(process.argv[2]).token})' "$2" "$quote")")
  back=$API/admin/returns/$(get v.id <<<"$return")
  if [ "$(get v.state <<<"$return")" = requested ]; then return=$(call -X POST "$back/approve" "${agent[@]}"); fi
}
settle() {
  call -X POST "$back/receive" "${agent[@]}" >/dev/null
  return=$(call -X POST "$back/inspect" "${agent[@]}")
}
line() { echo "{\"lineId\":\"$1\",\"quantity\":1,\"reason\":\"$2\"${3:+,\"exchangeFor\":\"$3\"}}"; }

say "1. Three products with 10 % off the order and a gift"
gift=$(variant tangerine-hand-cream)
promote() {
  local id; id=$(call -X POST "$API/promotions" "${merchant[@]}" -d "$1" | get v.id)
  call -X POST "$API/promotions/$id/publish" "${merchant[@]}" -d '{"reason":"walkthrough"}' >/dev/null
  echo "$id"
}
today=$(call "$API/dev/clock" | get 'v.now.slice(0, 10)')
ten=$(promote "{\"name\":{\"ko\":\"열\",\"en\":\"Ten $run\"},\"kind\":\"percentage\",\"class\":\"order\",\"starts\":\"${today}T00:00\",\"targets\":{\"all\":true},\"conditions\":{\"minSubtotal\":{\"KRW\":50000}},\"terms\":{\"basisPoints\":1000},\"combinesWith\":[\"product\",\"order\"]}")
free=$(promote "{\"name\":{\"ko\":\"선물\",\"en\":\"Gift $run\"},\"kind\":\"free_gift\",\"class\":\"product\",\"starts\":\"${today}T00:00\",\"targets\":{\"all\":true},\"terms\":{\"gifts\":[{\"from\":{\"KRW\":30000},\"variants\":[\"$gift\"]}]},\"combinesWith\":[\"product\",\"order\"]}")
fill "$(variant pine-cleanser)" "$(variant mugwort-essence)" "$(variant ginseng-cream)"
for _ in $(seq 120); do # promotions are read anew after a while
  [ "$(call "$API/carts/mine" "${ann[@]}" | get 'v.totals.discount.amount > 0 && v.lines.length > 3')" = true ] && break
  sleep 0.5
done
buy; deliver "$order"
bought=$(call "$API/orders/$order" "${ann[@]}")
paid=$(get '(v.totals?.total ?? v.total).amount' <<<"$bought")
get 'v.lines.map(l => "  " + l.title + " x " + l.quantity + (l.total.amount ? "" : " (gift)")).join("\n")' <<<"$bought"
echo "paid: $paid"
given=$(get 'v.lines.find(l => !l.total.amount).id' <<<"$bought")
sold=($(get 'v.lines.filter(l => l.total.amount).map(l => l.id).join(" ")' <<<"$bought"))

say "2. They go back one by one; each refund is the quoted one, and together they are what was paid"
sum=0
for i in 0 1 2; do
  lines=$(line "${sold[$i]}" faulty); [ $i -lt 2 ] || lines="$lines,$(line "$given" faulty)"
  ask "$order" "{\"resolution\":\"refund\",\"lines\":[$lines]}"
  settle
  expect "$(get v.settled.refund.amount <<<"$return")" "$(get v.refund.amount <<<"$quote")" "refund $((i + 1))"
  sum=$((sum + $(get v.settled.refund.amount <<<"$return")))
done
expect "$sum" "$paid" "refunded in all"
for p in "$ten" "$free"; do call -X POST "$API/promotions/$p/end" "${merchant[@]}" -d '{"reason":"walkthrough"}' >/dev/null; done

say "3. An exchange for a dearer size asks for the difference"
fill "$(variant green-tea-serum 0)"; buy; deliver "$order"
id=$(call "$API/orders/$order" "${ann[@]}" | get 'v.lines[0].id')
ask "$order" "{\"resolution\":\"exchange\",\"lines\":[$(line "$id" not_as_described "$(variant green-tea-serum 1)")]}"
settle
expect "$(get v.state <<<"$return")" awaiting_payment "state"
due=$(get v.balance.amount.amount <<<"$return")
expect "$due" "$(get v.exchange.balance.amount <<<"$quote")" "asked for, as quoted"
return=$(call -X POST "$API/returns/$(get v.id <<<"$return")/balance" "${ann[@]}" -H "$(key)" \
  -d "{\"paymentMethod\":\"pm_card_visa\",\"amount\":{\"amount\":$due,\"currency\":\"KRW\"}}")
expect "$(get 'v.state + ", sent as an order: " + !!v.newOrderId' <<<"$return")" "completed, sent as an order: true" "state"

say "4. A faulty one is replaced"
fill "$(variant sun-milk)"; buy; deliver "$order"
id=$(call "$API/orders/$order" "${ann[@]}" | get 'v.lines[0].id')
ask "$order" "{\"resolution\":\"replacement\",\"lines\":[$(line "$id" faulty)]}"
settle
expect "$(get 'v.state + ", refunded " + v.settled.paidOut.amount + ", sent as an order: " + !!v.newOrderId' <<<"$return")" \
  "completed, refunded 0, sent as an order: true" "replacement"

say "5. An order that was not shipped loses a line, gets another address, and one more product"
fill "$(variant bamboo-mist)" "$(variant sun-stick)"; buy
state=$(call "$API/orders/$order" "${ann[@]}")
removed=$(call -X POST "$API/orders/$order/lines/remove" "${ann[@]}" -H "$(key)" \
  -d "{\"lines\":[{\"lineId\":\"$(get 'v.lines[0].id' <<<"$state")\",\"quantity\":1}]}")
expect "$(get 'v.refund.amount > 0' <<<"$removed")" true "money goes back"
call -X PUT "$API/orders/$order/address" "${ann[@]}" -d '{"name":"김하늘","line1":"성수이로 1","postalCode":"04780","country":"KR"}' | get v.address.line1
added=$(call -X POST "$API/orders/$order/additions" "${ann[@]}" -H "$(key)" -d "{\"lines\":[{\"variantId\":\"$(variant honey-wash-pack)\",\"quantity\":1}]}")
pay() { call -X POST "$API/orders/$order/additions/1/payment" "${ann[@]}" -H "$(key)" \
  -d "{\"paymentMethod\":\"pm_card_threeDSecure2Required\",\"amount\":{\"amount\":$(get v.amount.amount <<<"$added"),\"currency\":\"KRW\"}}"; }
curl --silent --show-error -o /dev/null -X POST "$(pay | get v.redirectUrl)" -d decision=approve
expect "$(pay | get v.state)" paid "addition"
expect "$(call "$API/orders/$order" "${ann[@]}" | get "v.lines.some(l => l.variantId === '$(get 'v.lines[0].variantId' <<<"$added")')")" true "it is in the order"

say "6. The third business day rings the alarm"
fill "$(variant cica-ampoule)"; buy; deliver "$order"
id=$(call "$API/orders/$order" "${ann[@]}" | get 'v.lines[0].id')
ask "$order" "{\"resolution\":\"refund\",\"lines\":[$(line "$id" faulty)]}"
call -X POST "$back/receive" "${agent[@]}" | get '"refund by " + v.refundBy'
advance 240h; people
waiting=$(call "$API/admin/returns?state=received" "${agent[@]}")
expect "$(get "v.returns.find(r => r.orderId === '$order').refundLate" <<<"$waiting")" true "the refund is late"
return=$(call -X POST "$back/inspect" "${agent[@]}")
expect "$(get 'v.settled.interest.amount > 0' <<<"$return")" true "interest is noted"

say "7. Every step is in the inbox"
call "$API/inbox.json?to=ann-$run@example.com" | get 'v.messages.map(m => "  " + m.subject).reverse().join("\n")'
