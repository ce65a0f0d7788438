package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/local/engine"
	"dangol/shared/platform/table"
)

// fill makes a data file of the engine with a table that holds the items. It goes the way of a table that was exported
// from DynamoDB to S3, which is some ten times faster than batch writes over HTTP. like is a table with the same keys
// and indexes. Streams are not taken over.
func fill(ctx context.Context, client *dynamodb.Client, like, file string, items iter.Seq2[table.Item, error]) error {
	dir, err := os.MkdirTemp(filepath.Dir(file), "export")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := exportSchema(ctx, client, like, filepath.Join(dir, "schema.json")); err != nil {
		return err
	}
	source := filepath.Join(dir, "tables")
	if err := exportItems(filepath.Join(source, like, "data"), items); err != nil {
		return err
	}
	binary, err := engine.Find()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, binary, "import", "--source", source,
		"--schema", filepath.Join(dir, "schema.json"), "--output", file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import into %s: %w\n%s", file, err, out)
	}
	return nil
}

// exportSchema writes keys and indexes of a table in the form of DescribeTable.
func exportSchema(ctx context.Context, client *dynamodb.Client, name, file string) error {
	described, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return err
	}
	type index struct {
		IndexName  string
		KeySchema  []types.KeySchemaElement
		Projection *types.Projection
	}
	var indexes []index
	for _, g := range described.Table.GlobalSecondaryIndexes {
		indexes = append(indexes, index{aws.ToString(g.IndexName), g.KeySchema, g.Projection})
	}
	content, err := json.Marshal(map[string]any{"Table": map[string]any{
		"TableName": name, "KeySchema": described.Table.KeySchema,
		"AttributeDefinitions": described.Table.AttributeDefinitions, "GlobalSecondaryIndexes": indexes,
		"BillingModeSummary": map[string]any{"BillingMode": types.BillingModePayPerRequest},
	}})
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// exportItems writes items as lines of DynamoDB JSON, one file.
func exportItems(folder string, items iter.Seq2[table.Item, error]) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(folder, "items.json.gz"))
	if err != nil {
		return err
	}
	defer file.Close()
	compressed, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(compressed, 1<<20)
	for item, err := range items {
		if err != nil {
			return err
		}
		image, err := attributevalue.MarshalMapJSON(item)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(buffered, "{\"Item\":%s}\n", image); err != nil {
			return err
		}
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := compressed.Close(); err != nil {
		return err
	}
	return file.Close()
}
