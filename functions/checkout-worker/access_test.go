package checkoutworker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	checkoutworker "dangol/functions/checkout-worker"
	"dangol/infra/local/runner"
	"dangol/infra/testkit/system"
	"dangol/shared/platform/table"
)

// TestAccess pays at the bank while neither the browser nor the webhook gets through: the worker makes the order when
// the hold runs out.
func TestAccess(t *testing.T) {
	t.Parallel()
	broken := &outage{}
	system.Check(t, system.Function{
		Spec:    checkoutworker.Spec(),
		Options: []func(*runner.Options){broken.of("checkouts")},
		Journey: func(s *system.Shop) {
			_, variant := s.Product(1, nil)
			p := s.GuestWith(variant, 1)
			started := s.Buy(p, "pm_card_threeDSecure2Required")
			broken.on.Store(true)
			defer broken.on.Store(false)
			system.Approve(t, started.Field(t, "redirectUrl"))
			s.AdvanceBy(time.Hour)
			got := s.Do(p.Caller, "GET", "/checkouts/"+started.Field(t, "id"), nil).Field(t, "state")
			if got != "completed" {
				t.Errorf("the checkout is %s, want completed by the worker", got)
			}
			unpaid := s.GuestWith(variantOf(s), 1)
			s.Buy(unpaid, "pm_card_threeDSecure2Required")
			s.AdvanceBy(time.Hour)
		},
	})
}

func variantOf(s *system.Shop) string {
	_, variant := s.Product(1, nil)
	return variant
}

// outage keeps a function from writing transactions while it lasts.
type outage struct{ on atomic.Bool }

func (o *outage) of(function string) func(*runner.Options) {
	return func(options *runner.Options) {
		options.WrapDB = func(name string, db table.DB) table.DB {
			if name != function {
				return db
			}
			return failing{DB: db, outage: o}
		}
	}
}

type failing struct {
	table.DB
	outage *outage
}

func (f failing) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	if f.outage.on.Load() {
		return nil, errors.New("out of reach")
	}
	return f.DB.TransactWriteItems(ctx, in, o...)
}
