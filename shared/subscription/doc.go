// Package subscription is the rules of paid memberships, boxes and replenishment: which days a payment covers, what a
// change costs, what may happen next, when a failed payment is tried again and what the merchant's figures mean.
// Everything here is pure: no storage, no clock of its own, no call to a provider. functions/subscriptions offers it to
// shoppers, functions/billing runs it.
//
// A subscription is a chain of spans. Each has a first day and a day after its last (half-open, in the subscriber's
// local days), the next one begins where it ends, and each is invoiced at most once under the key "subscription id #
// number of the span".
//
// Subscription.Apply takes a command and an instant and returns the subscription as it stands then and the effects to
// carry out, in order: invoices, charges, goods, notices, events, history. Subscription.Due is when to come back with
// the command Due; a state without Due is final. Subscription.Quote tells what a command would cost, by running it.
//
// All amounts are minor units of the currency of the terms and include tax. All instants are UTC; all dates are local
// to the subscriber.
package subscription
