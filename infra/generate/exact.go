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
| a promotion's uses and money, a limited code, a limit per customer | conditions on their counters, in the transaction that begins the checkout; of a large limit on the slice that gives it, see below |
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

## What one item carries

DynamoDB refuses a transaction on an item that another transaction is writing. One takes 5 to 20 ms, so an item that each order writes carries about 50
orders a second; those that meet are tried again with jitter for up to 5 seconds, and what is still not through is told to try again (503). No item is
written by each order of the shop:

| item | written by | carries |
|---|---|---|
| sales of the shop and of products by day, results of a promotion | promotion-scheduler, in batches from the stream: up to 100 orders, or what comes in 5 seconds, in one transaction with the records of their events | the stream: 1,000 orders a second and more; figures are some seconds old |
| budget of a promotion, uses of a shared code, from 512 orders on | orders, on one of 32 slices chosen at random; the shared item only when a slice is empty, some hundred orders apart | 500 orders a second on one promotion, see ` + "`make bench BENCH=hot`" + ` |
| the same below 512 orders, and the last part of a large one | orders, on the shared item | about 50 orders a second, for some seconds until it is used up |
| stock of a variant | orders of that variant, on one of its buckets; 1 unless the shop says more | about 50 orders a second for each bucket |
| purchases and orders of a customer | that customer's orders | one shopper |

A slice never gives more than it has, and all slices together never get more than the limit, so what orders used is exact at every moment: what was handed
out, less what slices have left. A slice notes under which limit it got what it has: when a merchant lowers the limit, no order counts on it until what slices
have left is called back to the shared item. An order that comes to nothing gives back to the slice that counted it. When nothing is left to hand out, what
slices have left over is put together for one order, so the last order that fits is taken.
`
