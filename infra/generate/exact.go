package main

// exactDecisions closes the data-model page. A decision that reads an index or a cache can be a second old; these must
// not be, so each is a condition in the transaction that acts on it.
const exactDecisions = `
## Decisions that must be exact

An index and a cache may be a second old, so neither decides any of these. What is read from them only tells early that something is not possible; the
condition in the transaction that acts on it is what decides.

| decision | what makes it exact |
|---|---|
| a unit of stock is sold once | the counter of its bucket: available >= n, in the transaction of the hold |
| a cart has one checkout, and one order | the cart's id, version and state (open) when payment begins, the checkout's id when it ends; an order's item is new |
| a promotion's uses and money, a limited code, a limit per customer | conditions on their counters, in the transaction that begins the checkout |
| store credit and points pay once | each lot: left >= n |
| one trial for a customer and plan | the item TRIAL#<plan> under the customer, which must be new; the list of subscriptions is only asked first |
| one membership of a plan that allows one | the item MEMBERSHIP#<plan> under the customer is new, or names a subscription that is over |
| invoice numbers without a gap, none twice | the year's counter stands where it was read; first payments and changes take theirs when they are paid |
| a subscription's change, its charge, its refund | the version of its item; a charge has the key <invoice>#<attempt> at the provider |
| account credit goes to one subscription | the amount is what was read |
| a gift has one recipient | the version of the subscription, and the recipient's entry is new |
| what an order can still give back | the version of the order, whose ledger has every refund and reservation |
| a request is served once | the item of its Idempotency-Key is new, in the transaction of its effect |
| an event has its effect once | the item of consumer and event is new, in the transaction of the effect |
| how often something may be tried | the window's counter is below its most |
`
