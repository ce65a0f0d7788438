package table

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Op is one operation on a table, as the permission tests and the meters see it. A transaction is told as its parts,
// because that is what IAM asks permission for.
type Op struct {
	Action  string // as in IAM, without "dynamodb:"
	Table   string
	Index   string // empty for the table itself
	Write   bool
	Refused bool    // by a condition
	Part    bool    // one write of a transaction; the round trip is told apart as TransactWriteItems
	Units   float64 // capacity units consumed; 0 where the answer does not say
}

// Meter adds up what the operations of one context cost. It is safe for concurrent use.
type Meter struct {
	mu    sync.Mutex
	trips int
	read  float64
	write float64
}

// meterKey is the context key of the meter.
type meterKey struct{}

// Metered returns a context whose operations are counted by the meter.
func Metered(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{}
	return context.WithValue(ctx, meterKey{}, m), m
}

// Cost is what a Meter has counted: round trips to the database, read and write capacity units.
type Cost struct {
	Trips       int
	Read, Write float64
}

// Cost returns the sums so far.
func (m *Meter) Cost() Cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Cost{Trips: m.trips, Read: m.read, Write: m.write}
}

// add counts one operation. Parts are in the transaction they belong to, which is the round trip.
func (m *Meter) add(op Op) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if op.Part {
		return
	}
	m.trips++
	if op.Write {
		m.write += op.Units
	} else {
		m.read += op.Units
	}
}

// note tells the meter and the observer of an operation and what it consumed.
func (t *Table) note(ctx context.Context, op Op, consumed *types.ConsumedCapacity) {
	if consumed != nil && consumed.CapacityUnits != nil {
		op.Units = *consumed.CapacityUnits
	}
	if m, ok := ctx.Value(meterKey{}).(*Meter); ok {
		m.add(op)
	}
	if t.observe != nil {
		t.observe(op)
	}
}

// noteTransaction tells of a transaction and of its parts. consumed is
// nil for one that was refused, of which DynamoDB does not say the cost.
func (t *Table) noteTransaction(ctx context.Context, writes []Write, consumed []types.ConsumedCapacity) {
	t.note(ctx, Op{Action: "TransactWriteItems", Table: t.name, Write: true, Refused: consumed == nil}, sum(consumed))
	for _, w := range writes {
		t.note(ctx, Op{Action: actionOf(w), Table: t.name, Write: true, Part: true}, nil)
	}
}

// actionOf is the action that IAM asks permission for.
func actionOf(w Write) string {
	switch w.(type) {
	case Put:
		return "PutItem"
	case Update, Count:
		return "UpdateItem"
	case Delete:
		return "DeleteItem"
	default:
		return "ConditionCheckItem"
	}
}
