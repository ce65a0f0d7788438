#!/usr/bin/env bash
# Reviews with nothing but curl: delivered orders are reviewed with a photo, a vote reorders, an edit and a delete leave the summary
# exact; a one-star review opens a case that is answered, refunded, invited and updated; a burst of near-copies is held with reasons.
# For a fresh shop: a second run says the same again, which is a signal. It moves the shop's clock by about five weeks. Reads the address from $API (default http://localhost:8080); start `make run` first.
set -euo pipefail
API=${API:-http://localhost:8080}
COPIES=${COPIES:-30}
run=$(date +%s%N)
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# get EXPRESSION prints what it makes of the JSON v on standard input.
get() { node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const v=JSON.parse(t);console.log(eval(process.argv[1]))})' "$1"; }
call() { curl --silent --show-error --fail-with-body -H 'Content-Type: application/json' "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected $3 to be $2, got $1" >&2; exit 1; }; echo "$3: $1"; }
token() { call -X POST "$API/dev/token" -d "$1" | get v.access_token; }
advance() { call -X POST "$API/dev/clock" -d "{\"advance\":\"$1\"}" >/dev/null; }

product=$(call "$API/products/tiger-soap")
soap=$(get v.id <<<"$product"); variant=$(get 'v.variants[0].id' <<<"$product")
reviews="$API/products/$soap/reviews"
# login NAME sets as to the customer's token; operator sets agent. Tokens end before the clock has moved far.
login() { as=(-H "Authorization: Bearer $(token "{\"sub\":\"$1-$run\",\"email\":\"$1-$run@example.com\"}")"); }
operator() { agent=(-H "Authorization: Bearer $(token '{"sub":"agent-1","groups":["agent"]}')"); }
operator

# buy NAME: a customer of that name buys a soap, the shop delivers it. Sets as, order and line.
buy() {
  login "$1"
  call -X POST "$API/carts" "${as[@]}" -d '{"currency":"KRW","language":"ko"}' >/dev/null
  call -X POST "$API/carts/mine/lines" "${as[@]}" -d "{\"variantId\":\"$variant\",\"quantity\":1,\"properties\":{\"engraving\":\"하늘\"}}" >/dev/null
  call -X PUT "$API/carts/mine/contact" "${as[@]}" -d "{\"email\":\"$1-$run@example.com\",\"language\":\"ko\"}" >/dev/null
  call -X PUT "$API/carts/mine/address" "${as[@]}" \
    -d "{\"name\":\"김하늘\",\"line1\":\"왕십리로 $1 $run\",\"postalCode\":\"04769\",\"country\":\"KR\"}" >/dev/null
  local cart; cart=$(call -X PUT "$API/carts/mine/shipping-method" "${as[@]}" -d '{"methodId":"standard"}' | get v.id)
  order=$(call -X POST "$API/carts/$cart/checkout" "${as[@]}" -H "Idempotency-Key: reviews-$1-$run" -d '{"paymentMethod":"pm_card_visa"}' | get v.orderId)
  line=$(call -X POST "$API/orders/$order/fulfillments" "${agent[@]}" -d '{"carrier":"cj","trackingNumber":"6890"}' | get 'v.lines[0].id')
  call -X POST "$API/orders/$order/fulfillments/1/delivered" "${agent[@]}" >/dev/null
}
# write STARS TEXT: the last buyer reviews. Prints the review.
write() {
  call -X POST "$API/reviews" "${as[@]}" -d "{\"orderId\":\"$order\",\"lineId\":\"$line\",\"stars\":$1,\"text\":\"$2\"}"
}
exact() { expect "$(call -X POST "$API/admin/products/$soap/reviews/audit" "${agent[@]}" | get v.exact)" true "the summary equals a recount"; }
count() { call "$reviews/summary" | get v.count; }

say "1. A delivered order is reviewed"
before=$(count)
buy ann; ann=("${as[@]}")
happy=$(write 5 '거품이 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요. 두 달째인데 물러지지 않네요.' | get v.id)
expect "$(count)" $((before + 1)) "reviews of the product"
expect "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$API/reviews" "${ann[@]}" -H 'Content-Type: application/json' \
  -d "{\"orderId\":\"$order\",\"lineId\":\"$line\",\"stars\":1,\"text\":\"또 하나\"}")" 409 "a second one for the same line"

say "2. With a photo, encoded anew"
photo=$(mktemp); trap 'rm -f "$photo"' EXIT
node -e '
  // A PNG of 200 by 200 pixels, written by hand: no picture is needed to make one.
  const z = require("zlib"), w = 200, raw = Buffer.alloc((w * 3 + 1) * w);
  for (let y = 0; y < w; y++) for (let x = 0; x < w; x++) raw.set([200, x, y], y * (w * 3 + 1) + 1 + x * 3);
  const chunk = (kind, body) => { const b = Buffer.concat([Buffer.from(kind), body]), n = Buffer.alloc(4), c = Buffer.alloc(4);
    n.writeUInt32BE(body.length); c.writeUInt32BE(z.crc32 ? z.crc32(b) : crc(b)); return Buffer.concat([n, b, c]); };
  function crc(b) { let c = ~0; for (const x of b) { c ^= x; for (let k = 0; k < 8; k++) c = c >>> 1 ^ (c & 1 ? 0xEDB88320 : 0); } return ~c >>> 0; }
  const head = Buffer.alloc(13); head.writeUInt32BE(w, 0); head.writeUInt32BE(w, 4); head.set([8, 2, 0, 0, 0], 8);
  process.stdout.write(Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", z.deflateSync(raw)), chunk("IEND", Buffer.alloc(0))]));
' > "$photo"
made=$(call -X POST "$reviews/$happy/media" "${ann[@]}" -d "{\"kind\":\"photo\",\"type\":\"image/png\",\"size\":$(wc -c <"$photo")}")
curl --silent --show-error --fail -o /dev/null -X PUT -H 'Content-Type: image/png' --data-binary "@$photo" "$(get v.upload.url <<<"$made")"
expect "$(call -X POST "$reviews/$happy/media/$(get v.mediaId <<<"$made")/complete" "${ann[@]}" | get v.state)" published "photo"
shown=$(call "$reviews?limit=1" | get 'v.reviews[0].mediaUrl + "/" + v.reviews[0].media[0].thumbnail')
expect "$(curl -s -o /dev/null -w '%{content_type}' "$shown")" image/jpeg "thumbnail"

say "3. A vote reorders"
buy bob; other=$(write 4 '세안 후에 당기지 않아 좋습니다. 다만 크기가 조금 작아서 빨리 씁니다.' | get v.id)
advance 744h; login bob; operator
vote() { call -X PUT "$reviews/$1/vote" -H "Authorization: Bearer $(token "{\"sub\":\"$2-$run\",\"email\":\"$2@example.com\"}")" -d '{"helpful":true}' >/dev/null; }
vote "$other" v1; vote "$other" v2
expect "$(call "$reviews?sort=helpful&limit=1" | get 'v.reviews[0].id')" "$other" "the most helpful one"
vote "$happy" v1; vote "$happy" v2; vote "$happy" v3
expect "$(call "$reviews?sort=helpful&limit=1" | get 'v.reviews[0].id')" "$happy" "after three votes for the other one"

say "4. An edit and a delete leave the summary exact"
call -X PUT "$reviews/$other" "${as[@]}" -d '{"stars":3,"text":"한 달 지나니 보통입니다."}' >/dev/null
exact
call -X DELETE "$reviews/$other" "${as[@]}"
expect "$(count)" $((before + 1)) "reviews of the product"
exact

say "5. One star opens a case: answered, refunded, invited, updated"
buy cho
sad=$(write 1 '뚜껑이 파손되어 왔고 비누도 깨졌어요. 환불하고 싶습니다.' | get v.id)
case=$API/admin/recovery-cases/$sad
expect "$(call "$case" "${agent[@]}" | get v.state)" open "case"
expect "$(curl -s -X POST "$case/actions" "${agent[@]}" -H 'Content-Type: application/json' \
  -d '{"do":"offer","offer":"refund","text":"별점을 올려 주시면 환불해 드립니다"}' | get 'v.errors[0].code')" conditional_offer "an offer for stars"
call -X POST "$case/actions" "${agent[@]}" -d '{"do":"offer","offer":"refund","text":"전액 환불해 드리겠습니다. 따로 하실 일은 없습니다."}' >/dev/null
call -X PUT "$API/admin/products/$soap/reviews/$sad/reply" "${agent[@]}" -d '{"text":"불편을 드려 죄송합니다. 개별적으로 안내해 드렸습니다."}' >/dev/null
call -X POST "$case/actions" "${agent[@]}" -d '{"do":"resolve","offer":"refund"}' | get v.state | sed 's/^/case: /'
advance 73h; login cho; operator
expect "$(call "$case" "${agent[@]}" | get 'v.state + ", invited " + !!v.invitedAt')" "closed, invited true" "case"
call -X PUT "$reviews/$sad" "${as[@]}" -d '{"stars":4,"text":"바로 환불해 주셔서 감사합니다. 응대가 좋았습니다."}' >/dev/null
expect "$(call "$API/admin/products/$soap/reviews/$sad" "${agent[@]}" | get 'v.revisions[0].stars + " -> " + v.stars')" "1 -> 4" "both versions are kept"
exact

say "6. A burst of $COPIES near-copies is held, with reasons"
before=$(count)
for n in $(seq "$COPIES"); do
  buy "fake$n"
  write 5 "정말 최고의 비누예요 거품도 풍성하고 향도 오래가고 피부가 촉촉해져서 주변에 추천하고 있어요 $n번째 구매" >/dev/null
done
expect "$(count)" "$before" "reviews that everybody sees"
held=$(call "$API/admin/reviews?state=held&limit=100" "${agent[@]}")
get 'v.reviews.at(-1).signals.map(s => "  " + s.weight + " " + s.name + ": " + s.detail).join("\n")' <<<"$held"
expect "$(get "v.reviews.filter(r => r.text.includes('번째 구매') && r.score >= 50).length >= $COPIES" <<<"$held")" true "all are in the moderator's list"
exact
