package main

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"dangol/infra/local/tables"
	"dangol/shared/payment"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// seed fills an empty table with subscriptions, the due ones first. The stream is off meanwhile: the run is not to find
// what the seeding wrote.
func seed(ctx context.Context, client *dynamodb.Client, size run) error {
	schema := table.Commerce
	schema.Stream = false
	if err := tables.Create(ctx, client, schema.Name, schema); err != nil {
		return err
	}
	subscriptions := &service.Service{Table: table.New(client, schema.Name, nil), Clock: clock.Stopped(start),
		FiscalZone: time.UTC}
	var stored atomic.Int64
	defer tell("subscriptions stored", size.all, func() int { return int(stored.Load()) })()
	// Encoding takes more time than the engine needs to store, so all processors encode.
	all, ctx := errgroup.WithContext(ctx)
	encoders := runtime.GOMAXPROCS(0)
	for e := range encoders {
		all.Go(func() error {
			// Each goroutine takes every n-th batch, so no two write the same.
			for from := e * seedBatch; from < size.all; from += encoders * seedBatch {
				batch := make([]*service.Record, 0, seedBatch)
				for n := from; n < min(from+seedBatch, size.all); n++ {
					r, err := enrolled(n, n < size.due)
					if err != nil {
						return err
					}
					batch = append(batch, r)
				}
				if err := subscriptions.AdoptAll(ctx, batch); err != nil {
					return err
				}
				stored.Add(int64(len(batch)))
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	// The stream is switched on before the run, with the images that the relay needs.
	_, err := client.UpdateTable(context.WithoutCancel(ctx), &dynamodb.UpdateTableInput{
		TableName: &schema.Name, StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		},
	})
	return err
}

// seedBatch is what one BatchWriteItem takes.
const seedBatch = 25

// enrolled is the n-th subscription as it stands after its first payment: a month long when it is to be due, else a
// year.
func enrolled(n int, isDue bool) (*service.Record, error) {
	customer := fmt.Sprintf("cust-%d", n)
	plan := subscription.Plan{
		ID: "plan_bench", Version: 1, Kind: subscription.Membership, Name: map[string]string{"en": "Regular"},
		Interval: subscription.Every(1, subscription.Month), Prices: map[string]int64{"KRW": 9_900},
		Tax: subscription.Tax{RateBP: 1000, Included: true},
		// No notices of renewals: their mails are not what is measured.
		Policy: subscription.Policy{RenewalDays: -1},
	}
	// A year: not due within the run.
	if !isDue {
		plan.Interval = subscription.Every(1, subscription.Year)
	}
	terms, err := plan.Terms("KRW", 1)
	if err != nil {
		return nil, err
	}
	method := payment.Method{Token: "pm_" + customer, CustomerRef: customer, Brand: "visa", Last4: "4242", ExpYear: 2036,
		ExpMonth: 12}
	sub, _, err := subscription.Subscription{}.Apply(subscription.Start{
		ID: fmt.Sprintf("sub_%08d", n), CustomerID: customer, Region: "KR", Zone: "UTC", Terms: terms,
		Card: subscription.Card{Token: method.Token, Brand: method.Brand, ExpYear: method.ExpYear, ExpMonth: method.ExpMonth},
	}, start)
	if err != nil {
		return nil, err
	}
	if sub, _, err = sub.Apply(subscription.ChargeSucceeded{Key: sub.Open.Key, PaymentID: "pay_first"},
		start); err != nil {
		return nil, err
	}
	return &service.Record{
		Sub: sub, Contact: service.Contact{Email: customer + "@example.com", Language: "en"},
		Titles:  map[string]string{plan.ID: "Regular"},
		Methods: map[string]payment.Method{method.Token: method},
	}, nil
}
