package memory

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Items are kept as bytes: millions of small values would keep the garbage collector busy, and nobody can change what
// they were given.

func pack(i item) []byte { return packMap(nil, i) }

func unpack(raw []byte) item {
	r := reader(raw)
	return r.fields()
}

// unpackOnly reads only the attributes of these names.
func unpackOnly(raw []byte, names []string) item {
	r, out := reader(raw), item{}
	for range r.number() {
		if name := r.slice(); slices.Contains(names, string(name)) {
			out[string(name)] = r.value()
		} else {
			r.skip()
		}
	}
	return out
}

func packMap(b []byte, m item) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		b = packValue(packText(b, name), m[name])
	}
	return b
}

func packText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func packTexts(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, s := range all {
		b = packText(b, s)
	}
	return b
}

func packValue(b []byte, v types.AttributeValue) []byte {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return packText(append(b, 's'), v.Value)
	case *types.AttributeValueMemberN:
		return packText(append(b, 'n'), v.Value)
	case *types.AttributeValueMemberB:
		return packText(append(b, 'b'), string(v.Value))
	case *types.AttributeValueMemberBOOL:
		if v.Value {
			return append(b, 't')
		}
		return append(b, 'f')
	case *types.AttributeValueMemberNULL:
		return append(b, '0')
	case *types.AttributeValueMemberM:
		return packMap(append(b, 'm'), v.Value)
	case *types.AttributeValueMemberSS:
		return packTexts(append(b, 'S'), v.Value)
	case *types.AttributeValueMemberNS:
		return packTexts(append(b, 'N'), v.Value)
	case *types.AttributeValueMemberL:
		b = binary.AppendUvarint(append(b, 'l'), uint64(len(v.Value)))
		for _, one := range v.Value {
			b = packValue(b, one)
		}
		return b
	}
	panic(fmt.Sprintf("memory: a %T", v))
}

// reader takes packed values off its front.
type reader []byte

func (r *reader) number() int {
	n, size := binary.Uvarint(*r)
	*r = (*r)[size:]
	return int(n)
}

// slice is a text as it lies there.
func (r *reader) slice() []byte {
	n := r.number()
	s := (*r)[:n]
	*r = (*r)[n:]
	return s
}

func (r *reader) text() string { return string(r.slice()) }

// skip passes over a value.
func (r *reader) skip() {
	kind := (*r)[0]
	*r = (*r)[1:]
	switch kind {
	case 's', 'n', 'b':
		r.slice()
	case 'm':
		for range r.number() {
			r.slice()
			r.skip()
		}
	case 'S', 'N':
		for range r.number() {
			r.slice()
		}
	case 'l':
		for range r.number() {
			r.skip()
		}
	}
}

func (r *reader) texts() []string {
	all := make([]string, r.number())
	for i := range all {
		all[i] = r.text()
	}
	return all
}

func (r *reader) fields() item {
	n := r.number()
	m := make(item, n)
	for range n {
		name := r.text()
		m[name] = r.value()
	}
	return m
}

func (r *reader) value() types.AttributeValue {
	kind := (*r)[0]
	*r = (*r)[1:]
	switch kind {
	case 's':
		return &types.AttributeValueMemberS{Value: r.text()}
	case 'n':
		return &types.AttributeValueMemberN{Value: r.text()}
	case 'b':
		return &types.AttributeValueMemberB{Value: []byte(r.text())}
	case 't', 'f':
		return &types.AttributeValueMemberBOOL{Value: kind == 't'}
	case '0':
		return &types.AttributeValueMemberNULL{Value: true}
	case 'm':
		return &types.AttributeValueMemberM{Value: r.fields()}
	case 'S':
		return &types.AttributeValueMemberSS{Value: r.texts()}
	case 'N':
		return &types.AttributeValueMemberNS{Value: r.texts()}
	default:
		all := make([]types.AttributeValue, r.number())
		for i := range all {
			all[i] = r.value()
		}
		return &types.AttributeValueMemberL{Value: all}
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:16])
}
