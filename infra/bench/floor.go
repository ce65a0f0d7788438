package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/cart"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
)

// floorAnswer is how large the answer of the floor is: about that of a cart with one line.
const floorAnswer = 1_500

// serveFloor is the least that an optimistic change of one item costs on this machine: net/http, one GetItem, one
// PutItem of the same item that checks the version, the same client and the same engine with its data on disk, and
// nothing of a shop. The item is a guest's cart. It runs in a process of its own, so that its processor time is counted
// like the shop's.
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
	cart, err := floorItem(ctx, table.New(db, indexedTable, nil))
	if err != nil {
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
			err := changeFloorItem(r.Context(), db, r.PathValue("table"), r.PathValue("item"), cart)
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
		json.NewEncoder(w).Encode(map[string]string{"text": strings.Repeat("x", floorAnswer)})
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
	transport.WriteBufferSize = boot.WriteBuffer
	env := &boot.Env{HTTP: &http.Client{Timeout: 10 * time.Second, Transport: transport},
		Getenv: func(name string) string {
			return map[string]string{"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}[name]
		}}
	return dynamodb.NewFromConfig(env.AWS(), func(o *dynamodb.Options) { o.BaseEndpoint = &endpoint })
}

// floorItem is a guest's cart after as many changes as the benchmark makes to each, as the shop stores it.
func floorItem(ctx context.Context, t *table.Table) (table.Item, error) {
	store := cart.Store{Table: t, Clock: clock.System{}}
	c, token, _, err := store.CreateGuest(ctx, cart.Cart{Currency: "KRW", Language: "ko"}, idempotency.Request{}, "")
	if err != nil {
		return nil, err
	}
	for n := range cartAdds {
		try := cart.Attempt{Key: fmt.Sprintf("bench-key-0-%d", n), Hash: "0123456789abcdef"}
		_, _, err := store.Change(ctx, cart.Ref{CartID: c.ID, Token: token}, try, func(c *cart.Cart) error {
			variant := id.New("var", c.CreatedAt)
			if len(c.Lines) == 0 {
				c.Lines = append(c.Lines, cart.Line{ID: cart.LineID(variant, nil), VariantID: variant,
					ProductID: id.New("prod", c.CreatedAt), SeenPrice: 38_000, AddedAt: c.CreatedAt})
			}
			c.Lines[0].Quantity++
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	found, err := t.BatchGet(ctx, true, cart.KeyOfGuest(c.ID))
	return found[cart.KeyOfGuest(c.ID)], err
}

// changeFloorItem reads an item and writes it back under the next version; the first time it is the cart.
func changeFloorItem(ctx context.Context, db *dynamodb.Client, tableName, key string, cart table.Item) error {
	id := map[string]types.AttributeValue{
		table.HashKey: &types.AttributeValueMemberS{Value: key},
		table.SortKey: &types.AttributeValueMemberS{Value: "FLOOR"},
	}
	name := aws.String(tableName)
	got, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: id, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	item, condition := got.Item, "#v = :v"
	if len(item) == 0 {
		item, condition = maps.Clone(cart), "attribute_not_exists(#v) OR #v = :v"
		maps.Copy(item, id)
	}
	// A condition on the version that was read, as every optimistic write has.
	read := item["version"]
	version, _ := strconv.Atoi(read.(*types.AttributeValueMemberN).Value)
	item["version"] = &types.AttributeValueMemberN{Value: strconv.Itoa(version + 1)}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: name, Item: item,
		ConditionExpression:       aws.String(condition),
		ExpressionAttributeNames:  map[string]string{"#v": "version"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": read},
	})
	return err
}
