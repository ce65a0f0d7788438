// Package task runs durable tasks: work outside the database that a change has caused and that must come to a defined
// end, whatever is lost, repeated or late on the way. A payment to capture, a refund, a mail, a call to another system
// are tasks.
//
// # The rules, kept here once
//
//   - A task is stored in the same transaction as the change that caused it. Nothing can be forgotten between the two.
//   - One worker at a time: a worker takes a lease before it acts. When it dies, the due index brings the task back
//     after the lease.
//   - Unknown is not failed: an attempt whose answer never came is asked about (Kind.Ask) before anything is tried
//     again.
//   - The outcome and what follows from it are recorded in one transaction.
//   - A task that cannot be finished now waits for backoff.Provider, or the schedule of its kind.
//   - A task that can never succeed is abandoned: Kind.Abandon returns the writes that compensate and tell, the metric
//     TasksAbandoned counts it, and an alarm watches the metric. No task is dropped silently.
//
// # Two shapes
//
// Kind is for tasks that are items of their own. Declare the kind once, store New(...) in the transaction of the
// change, and give Kind.Work to the worker as the handler of the due kind of the same name:
//
//	var callbacks = task.Kind[Callback]{
//		Engine: engine, Name: "callback", Delivery: task.AtLeastOnce, Do: send, Abandon: note,
//	}
//
//	writes = append(writes, table.Put{Item: task.New("callback", id, Callback{...}, now, now), If: table.IfNew})
//
// Machine is for tasks whose state is part of a larger item, as the payment of an order: the item decides what the next
// step is (a pure function of its state), the machine repeats the steps, puts them off and ends them by the same rules.
//
// # Delivery
//
// AtLeastOnce: an attempt without an answer is made again, unless Ask finds that it took effect. Use it where the other
// side knows a key (payments, refunds) or where twice is harmless. AtMostOnce: an attempt without an answer is never
// made again, unless Ask finds that it did not take effect; without Ask the task is abandoned with ErrUnknown. Use it
// where twice is worse than never.
package task
