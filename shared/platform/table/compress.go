package table

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Compressible is an item that may keep some of its attributes together in one compressed attribute, which is how Put
// stores it when it is large enough for that to save write units. Item.Decode takes them out again, so whoever reads
// the item does not see the difference, and items stored without it stay readable.
//
// An attribute in there is out of reach for DynamoDB: no expression may name it and no index may carry it.
type Compressible interface {
	// CompressedAttributes names the attributes in question. It answers for the type, not for one item.
	CompressedAttributes() []string
}

// CompressedAttribute is where the compressed attributes of an item are. Its first byte is the format of the rest.
const CompressedAttribute = "deflated"

// deflateOne is the first byte of a value that is a raw DEFLATE stream (RFC 1951) with the preset dictionary one. Other
// dictionaries or formats get a byte of their own, so that what is stored stays readable.
const deflateOne = 1

// dictionaryOne has what stored values repeat: names of JSON fields, beginnings of ids. DEFLATE refers to it as if it
// stood before the value, which halves short values once more. It may never change: stored values refer to its bytes.
//
//go:embed dictionary1.txt
var dictionaryOne []byte

// worthCompressing is the size of an item, in bytes, from which compressing it may save a write unit of 1 KB. It leaves
// room for what updates add to the item later.
const worthCompressing = 896

// errCompressed says that a compressed value was not written by this package, or by a later version of it.
var errCompressed = errors.New("the compressed value has an unknown format")

// compress moves attributes of a large item into its compressed attribute. An item that would not become smaller stays
// as it is.
func (i Item) compress(names []string) error {
	before := mapSize(i)
	if before <= worthCompressing {
		return nil
	}
	var plain []byte
	kept := maps.Clone(i)
	for _, name := range names {
		v, ok := kept[name]
		if !ok {
			continue
		}
		next, ok := appendAttribute(plain, name, v)
		// A type that is not foreseen stays outside.
		if !ok {
			continue
		}
		plain = next
		delete(kept, name)
	}
	packed, err := deflate(plain)
	if err != nil {
		return err
	}
	kept[CompressedAttribute] = &types.AttributeValueMemberB{Value: packed}
	if mapSize(kept) >= before {
		return nil
	}
	clear(i)
	maps.Copy(i, kept)
	return nil
}

// expanded is the item with what its compressed attribute holds; the item itself where it has none.
func (i Item) expanded() (Item, error) {
	packed, ok := i[CompressedAttribute].(*types.AttributeValueMemberB)
	if !ok {
		return i, nil
	}
	plain, err := inflate(packed.Value)
	if err != nil {
		return nil, err
	}
	whole := make(Item, 2*len(i))
	for len(plain) > 0 {
		name, v, rest, err := cutAttribute(plain)
		if err != nil {
			return nil, err
		}
		whole[name], plain = v, rest
	}
	maps.Copy(whole, i)
	delete(whole, CompressedAttribute)
	return whole, nil
}

// The types of values within a compressed attribute.
const (
	textValue   = 'S'
	numberValue = 'N'
	boolValue   = 'B'
	mapValue    = 'M'
)

// appendAttribute appends an attribute: its type, its name and its value, each text with its length before it. ok is
// false for types that are not foreseen.
func appendAttribute(b []byte, name string, v types.AttributeValue) (_ []byte, ok bool) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return appendText(appendText(append(b, textValue), name), v.Value), true
	case *types.AttributeValueMemberN:
		return appendText(appendText(append(b, numberValue), name), v.Value), true
	case *types.AttributeValueMemberBOOL:
		value := ""
		if v.Value {
			value = "1"
		}
		return appendText(appendText(append(b, boolValue), name), value), true
	case *types.AttributeValueMemberM:
		var inner []byte
		// In order, so that the same item is the same bytes: a repeated transaction is compared with the first.
		for _, key := range slices.Sorted(maps.Keys(v.Value)) {
			if inner, ok = appendAttribute(inner, key, v.Value[key]); !ok {
				return b, false
			}
		}
		return appendText(appendText(append(b, mapValue), name), string(inner)), true
	default:
		return b, false
	}
}

// appendText appends a text with its length before it.
func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// cutAttribute reads what appendAttribute wrote, and returns what stands behind it.
func cutAttribute(b []byte) (name string, v types.AttributeValue, rest []byte, err error) {
	kind := b[0]
	name, b, okName := cutText(b[1:])
	value, b, okValue := cutText(b)
	if !okName || !okValue {
		return "", nil, nil, errCompressed
	}
	switch kind {
	case textValue:
		v = &types.AttributeValueMemberS{Value: value}
	case numberValue:
		v = &types.AttributeValueMemberN{Value: value}
	case boolValue:
		v = &types.AttributeValueMemberBOOL{Value: value != ""}
	case mapValue:
		inner := map[string]types.AttributeValue{}
		for left := []byte(value); len(left) > 0; {
			key, element, after, err := cutAttribute(left)
			if err != nil {
				return "", nil, nil, err
			}
			inner[key], left = element, after
		}
		v = &types.AttributeValueMemberM{Value: inner}
	default:
		return "", nil, nil, errCompressed
	}
	return name, v, b, nil
}

// cutText reads what appendText wrote.
func cutText(b []byte) (text string, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return "", nil, false
	}
	return string(b[size : size+int(n)]), b[size+int(n):], true
}

// Text is a text that is an attribute of its own and is stored compressed when that makes it shorter.
type Text string

// shortText is the length, in bytes, up to which a text is stored as it is.
const shortText = 256

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (t Text) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if len(t) > shortText {
		packed, err := deflate([]byte(t))
		if err != nil {
			return nil, err
		}
		if len(packed) < len(t) {
			return &types.AttributeValueMemberB{Value: packed}, nil
		}
	}
	return &types.AttributeValueMemberS{Value: string(t)}, nil
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (t *Text) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	switch av := av.(type) {
	case *types.AttributeValueMemberS:
		*t = Text(av.Value)
		return nil
	case *types.AttributeValueMemberB:
		return t.Decompress(av.Value)
	default:
		return fmt.Errorf("a text is stored as a %T", av)
	}
}

// Decompress sets the text to what a compressed value holds, as it stands in a stream.
func (t *Text) Decompress(packed []byte) error {
	plain, err := inflate(packed)
	*t = Text(plain)
	return err
}

// Compressors and decompressors are used again: a compressor holds 800 KB.
var (
	compressors   = sync.Pool{New: func() any { return newCompressor() }}
	decompressors = sync.Pool{New: func() any { return flate.NewReaderDict(nil, dictionaryOne) }}
)

// newCompressor makes a compressor that knows the dictionary.
func newCompressor() *flate.Writer {
	// Not the fastest level, which does not look into a dictionary.
	w, err := flate.NewWriterDict(nil, flate.DefaultCompression, dictionaryOne)
	if err != nil {
		panic(err) // only a level that does not exist
	}
	return w
}

// deflate compresses a value, its format first.
func deflate(plain []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, 64+len(plain)/2))
	out.WriteByte(deflateOne)
	w := compressors.Get().(*flate.Writer)
	defer compressors.Put(w)
	w.Reset(out)
	_, err := w.Write(plain)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// inflate reads what deflate made.
func inflate(packed []byte) ([]byte, error) {
	if len(packed) == 0 || packed[0] != deflateOne {
		return nil, errCompressed
	}
	r := decompressors.Get().(io.Reader)
	defer decompressors.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(packed[1:]), dictionaryOne); err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	plain := bytes.NewBuffer(make([]byte, 0, 4*len(packed)))
	// An item holds 400 KB, and nothing compresses better than 1,032 to 1: what is stored here is far below both.
	if _, err := io.Copy(plain, io.LimitReader(r, 16*MaxItem)); err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return plain.Bytes(), nil
}
