// Package enginetest gives a test the DynamoDB engine: one in memory per test process, gone when the process ends.
package enginetest

import (
	"context"
	"os"
	"sync"
	"testing"

	"dangol/infra/local/engine"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
)

var shared = sync.OnceValues(func() (string, error) {
	if endpoint := os.Getenv("DYNAMODB_ENDPOINT"); endpoint != "" {
		return endpoint, nil
	}
	e, err := engine.Start(context.Background(), engine.Options{})
	if err != nil {
		return "", err
	}
	return e.Endpoint(), nil
})

// Endpoint returns the address of the engine all tests of this process share, so a test needs table names of its own.
// DYNAMODB_ENDPOINT, when set, takes its place.
func Endpoint(t testing.TB) string {
	t.Helper()
	endpoint, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// Config returns SDK settings with the credentials any local engine takes.
func Config() aws.Config {
	return aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
}

// Client returns a DynamoDB client for Endpoint.
func Client(t testing.TB) *dynamodb.Client {
	t.Helper()
	return dynamodb.NewFromConfig(Config(), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(Endpoint(t)) })
}

// Streams returns a DynamoDB Streams client for Endpoint.
func Streams(t testing.TB) *dynamodbstreams.Client {
	t.Helper()
	return dynamodbstreams.NewFromConfig(Config(),
		func(o *dynamodbstreams.Options) { o.BaseEndpoint = aws.String(Endpoint(t)) })
}
