package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// ending is a database during whose n-th query the time of the invocation ends.
type ending struct {
	table.DB
	queries int
	end     func()
}

func (e *ending) Query(ctx context.Context, in *dynamodb.QueryInput,
	o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := e.DB.Query(ctx, in, o...)
	if e.queries--; e.queries == 0 {
		e.end()
	}
	return out, err
}

// A shop with many contacts needs several invocations: each goes on where the time of the one before ended.
func TestTheSearchForMembersGoesOnWhereItsTimeEnded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	agreed := segment.Condition{Consent: &segment.ConsentCondition{Channel: compliance.Email, Is: compliance.Given}}
	saved, err := f.SaveSegment(t.Context(), "agreed", agreed)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(2 * time.Minute)
	whole := f.Table
	for round, want := range []int{5, 10, 15, contact.Shards} {
		ctx, end := context.WithCancel(t.Context())
		f.Table = table.New(&ending{DB: localtest.DB(t), queries: 5, end: end}, whole.Name(), nil)
		if err := f.WorkSegment(ctx, due.Job{Kind: service.DueSegment, Key: saved.Key}); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		end()
		f.Table = whole
		all, err := f.Segments(t.Context())
		if err != nil || len(all) != 1 || all[0].Shard != want || all[0].Ready != (want == contact.Shards) {
			t.Errorf("round %d: %+v, want the place %d, %v", round, all, want, err)
		}
	}
}
