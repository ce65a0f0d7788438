// Package tables creates the system's tables on an engine, from the same definitions that the CDK deploys.
package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

// Client returns a DynamoDB client for an engine on this machine.
func Client(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &endpoint, Region: Region,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// Region is the region that everything local says it is in.
const Region = "ap-northeast-2"

// Create makes a table under the given name; one that is there is left alone. Error: it has other indexes than it
// should, as after an update of the program; without them queries fail long after the start.
func Create(ctx context.Context, client *dynamodb.Client, name string, s table.Schema) error {
	in := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            keySchema(table.HashKey, table.SortKey),
		AttributeDefinitions: []types.AttributeDefinition{text(table.HashKey), text(table.SortKey)},
	}
	if s.Stream {
		in.StreamSpecification = &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages,
		}
	}
	for _, index := range s.Indexes {
		in.AttributeDefinitions = append(in.AttributeDefinitions, text(index.Hash), sortAttribute(index))
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(index.Name), KeySchema: keySchema(index.Hash, index.Sort),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: index.Projected},
		})
	}
	_, err := client.CreateTable(ctx, in)
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		return same(ctx, client, in)
	}
	if err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return nil
}

// same compares a table that is there with what would be made.
func same(ctx context.Context, client *dynamodb.Client, want *dynamodb.CreateTableInput) error {
	there, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: want.TableName})
	if err != nil {
		return fmt.Errorf("table %s: %w", *want.TableName, err)
	}
	found := map[string]string{}
	for _, i := range there.Table.GlobalSecondaryIndexes {
		found[*i.IndexName] = shape(i.KeySchema, i.Projection)
	}
	for _, i := range want.GlobalSecondaryIndexes {
		if found[*i.IndexName] != shape(i.KeySchema, i.Projection) {
			return fmt.Errorf("table %s was made by another version: its index %s is missing or different; begin anew with "+
				"`make reset`, or keep the folder for that version and choose another with DATA=", *want.TableName, *i.IndexName)
		}
	}
	return nil
}

// shape is what an index is sorted by and what it holds, in one order.
func shape(keys []types.KeySchemaElement, p *types.Projection) string {
	var parts []string
	for _, k := range keys {
		parts = append(parts, string(k.KeyType)+" "+*k.AttributeName)
	}
	if p != nil {
		parts = append(parts, p.NonKeyAttributes...)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// keySchema is a partition key and a sort key.
func keySchema(hash, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

// text defines a key attribute that holds text.
func text(name string) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
}

// sortAttribute defines an index's sort key, which for the due index is a number.
func sortAttribute(index table.Index) types.AttributeDefinition {
	a := text(index.Sort)
	if index.SortNumber {
		a.AttributeType = types.ScalarAttributeTypeN
	}
	return a
}
