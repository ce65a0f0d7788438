// Package payment is what checkout, orders and subscription billing know about taking money: one Provider interface,
// the states of a payment, and errors that say what may be done next. Providers live in sub-packages.
//
// # Unknown is not failed
//
// A call to a provider ends in one of three ways. It succeeds: there is a Payment. It is refused: a *Declined,
// ErrStateConflict, ErrInvalid and the like say that no money moved by this call. Or the answer never comes (a
// time-out, a broken connection, a 5xx): the error is ErrUnknown, and the money may or may not have moved. Whoever gets
// ErrUnknown must not treat the payment as failed, must not tell the shopper to pay again and must not charge under
// another key. There are two safe ways on:
//
//   - ask: Lookup(key) tells what became of it. ErrNotFound means that the provider has not seen the key so far. The
//     first request may still be on its way, so a further attempt uses the same key;
//   - repeat the same call with the same key: the provider answers with the first outcome and does nothing twice.
//
// A payment of which neither gives an answer stays open, is asked about again later (the due index), and its stock
// stays held.
//
// # Keys
//
// Every call that moves money carries an idempotency key made of what is paid for (cart version and total, subscription
// and period), never of the attempt. The same key with the same parameters returns the first outcome, a decline
// included; with other parameters it is ErrKeyReused. After a decline the shopper may try another card: that is another
// key. Providers keep keys for a day at least (Stripe: 24 hours), so what is older is asked for by Lookup before it is
// repeated.
//
// # Two shapes of provider
//
// With Stripe-like providers a payment is authorized, later captured or voided. With Toss-like ones confirming the
// payment captures it at once. Callers therefore look at State, not at what they asked for: Authorize may return
// StateCaptured although CaptureNow is false, and what would have been a Void is then a Refund.
package payment
