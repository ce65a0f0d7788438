package boot

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/shared/platform/table"
)

// primeFor bounds how long a start waits for the first
// connection. It is enough for a handshake within a region.
const primeFor = 500 * time.Millisecond

// Tables opens the tables whose deployed names are in the variables, for example COMMERCE_TABLE, and makes one cheap
// call so that the TLS handshake begins while the start is still running at full CPU and not with the first request.
// Nobody waits for it: a request that comes earlier takes the connection when it is there, and one that broke while the
// process slept is not used.
func (e *Env) Tables(ctx context.Context, variables ...string) ([]*table.Table, error) {
	client := dynamodb.NewFromConfig(e.AWS(), func(o *dynamodb.Options) { o.BaseEndpoint = e.Endpoint("DYNAMODB") })
	var db table.DB = client
	if e.WrapDB != nil {
		db = e.WrapDB(db)
	}
	tables := make([]*table.Table, len(variables))
	for i, v := range variables {
		name := e.Getenv(v)
		if name == "" {
			return nil, fmt.Errorf("environment variable %s is not set", v)
		}
		tables[i] = table.New(db, name, e.Observe)
	}
	// Only on Lambda: elsewhere there is no cold start to pay for.
	if e.Getenv("AWS_LAMBDA_RUNTIME_API") != "" && len(tables) > 0 {
		go prime(context.WithoutCancel(ctx), client, tables[0].Name())
	}
	return tables, nil
}

// prime ignores the answer: also a refusal has opened the connection.
func prime(ctx context.Context, client *dynamodb.Client, name string) {
	ctx, cancel := context.WithTimeout(ctx, primeFor)
	defer cancel()
	key := table.Key{PK: "PRIME", SK: "PRIME"}.Attributes()
	// One attempt: repeating it would only compete with the first request.
	_, _ = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(name), Key: key}, func(o *dynamodb.Options) {
		o.RetryMaxAttempts = 1
	})
}
