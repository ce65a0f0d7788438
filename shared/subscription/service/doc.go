// Package service keeps subscriptions and carries out what package subscription decides: it stores plans,
// subscriptions, invoices and their numbers, charges cards, holds and sends goods, and tells the subscriber. The
// subscriptions function uses it for what subscribers ask for, the billing function for what is due.
//
// Each change is one transaction under the subscription's version: the subscription, what is stored with it (invoices
// with their numbers, credit notes, a line of history, notices), and a list of what is to be done outside, the tasks.
// Tasks are carried out right away by whoever wrote them, under a lease of a minute; when that fails or dies, the due
// index brings the subscription back and the next worker goes on with the first task that is left. A task is taken off
// in the same transaction as its outcome:
//
//	hold, release, deliver  change stock and make orders inside that transaction, so they happen once
//	charge                  has the key of its attempt (subscription # period # attempt). Only the one who wrote it may
//	                        charge without asking; everybody after that asks the provider what became of the key first
//	refund                  has a key of its own, which the provider knows
//
// A charge whose answer never comes is taken off the list and stays in flight: the rules come back to it, and ask.
package service
