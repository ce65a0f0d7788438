package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/table"
)

// floorItem is how large the item of the floor is: about a cart with two lines.
const floorItem = 1_500

// serveFloor is the least that an optimistic change of one item costs on this machine: net/http, one GetItem, one
// PutItem that checks the version, the same client and the same engine with its data on disk, and nothing of a shop. It
// runs in a process of its own, so that its processor time is counted like the shop's.
func serveFloor(ctx context.Context, data string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	e, err := engine.Start(ctx, engine.Options{DataFile: filepath.Join(data, "floor.db")})
	if err != nil {
		return err
	}
	defer e.Stop()
	db := functionClient(e.Endpoint())
	for name, schema := range map[string]table.Schema{bareTable: {}, indexedTable: table.Commerce} {
		if err := tables.Create(ctx, db, name, schema); err != nil {
			return err
		}
	}
	if err := e.IndexExpiry(indexedTable, table.TTLAttribute); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{table}/{item}", func(w http.ResponseWriter, r *http.Request) {
		// Another request changed the item: read and try again, as a shop would.
		for {
			err := changeFloorItem(r.Context(), db, r.PathValue("table"), r.PathValue("item"))
			var met *types.ConditionalCheckFailedException
			if errors.As(err, &met) {
				continue
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			break
		}
		w.Header().Set("Content-Type", "application/json")
		// An answer as large as a cart, so that encoding and sending it count as well.
		json.NewEncoder(w).Encode(map[string]string{"text": strings.Repeat("x", floorItem)})
	})
	server := &http.Server{Handler: mux}
	// The same two lines as the local shop prints, which system.start reads.
	fmt.Println("http://" + listener.Addr().String())
	fmt.Println("Ctrl-C stops")
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// The tables of the floor: with nothing but the key, and with the stream and the indexes of the shop's.
const (
	bareTable    = "Floor"
	indexedTable = "FloorIndexed"
)

// functionClient is the client that the functions of the local shop have, made in the same way.
func functionClient(endpoint string) *dynamodb.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	env := &boot.Env{HTTP: &http.Client{Timeout: 10 * time.Second, Transport: transport},
		Getenv: func(name string) string {
			return map[string]string{"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}[name]
		}}
	return dynamodb.NewFromConfig(env.AWS(), func(o *dynamodb.Options) { o.BaseEndpoint = &endpoint })
}

// changeFloorItem reads an item and writes it back under the next version.
func changeFloorItem(ctx context.Context, db *dynamodb.Client, tableName, key string) error {
	id := map[string]types.AttributeValue{
		table.HashKey: &types.AttributeValueMemberS{Value: key},
		table.SortKey: &types.AttributeValueMemberS{Value: "FLOOR"},
	}
	name := aws.String(tableName)
	got, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: id, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	// An item that is not there has version 0.
	read := 0
	if n, ok := got.Item["version"].(*types.AttributeValueMemberN); ok {
		fmt.Sscan(n.Value, &read)
	}
	item := map[string]types.AttributeValue{
		table.HashKey: id[table.HashKey], table.SortKey: id[table.SortKey],
		"version": &types.AttributeValueMemberN{Value: fmt.Sprint(read + 1)},
		"text":    &types.AttributeValueMemberS{Value: strings.Repeat("x", floorItem)},
		// As every cart has; far enough in the future not to be deleted.
		table.TTLAttribute: &types.AttributeValueMemberN{Value: "4102444800"},
	}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: name, Item: item,
		ConditionExpression:      aws.String("attribute_not_exists(#v) OR #v = :v"),
		ExpressionAttributeNames: map[string]string{"#v": "version"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":v": &types.AttributeValueMemberN{Value: fmt.Sprint(read)}},
	})
	return err
}
