package memory

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// words are what the names and values of an expression stand for.
type words struct {
	names  map[string]string
	values item
}

var token = regexp.MustCompile(`[#:]?[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|[=<>(),+-]|\S`)

var cut sync.Map // expression -> its tokens

func tokens(expression string) []string {
	if known, ok := cut.Load(expression); ok {
		return known.([]string)
	}
	all := token.FindAllString(expression, -1)
	cut.Store(expression, all)
	return all
}

// parser reads one expression and works it out on an item at once.
type parser struct {
	words
	left []string
	on   item
	err  error
}

func (w words) holds(expression string, on item) (bool, error) {
	p := &parser{words: w, left: tokens(expression), on: on}
	yes := p.or()
	if p.err == nil && len(p.left) > 0 {
		p.fail()
	}
	return yes, p.err
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = refusedf("expression at %q", strings.Join(p.left, " "))
	}
	p.left = nil
}

func (p *parser) peek() string {
	if len(p.left) == 0 {
		return ""
	}
	return p.left[0]
}

func (p *parser) next() string {
	t := p.peek()
	if t != "" {
		p.left = p.left[1:]
	}
	return t
}

// takes reads a word, should it come next.
func (p *parser) takes(word string) bool {
	if p.peek() != word {
		return false
	}
	p.next()
	return true
}

func (p *parser) must(word string) {
	if !p.takes(word) {
		p.fail()
	}
}

func (p *parser) or() bool {
	yes := p.and()
	for p.takes("OR") {
		yes = p.and() || yes
	}
	return yes
}

func (p *parser) and() bool {
	yes := p.not()
	for p.takes("AND") {
		yes = p.not() && yes
	}
	return yes
}

func (p *parser) not() bool {
	if p.takes("NOT") {
		return !p.not()
	}
	if p.takes("(") {
		yes := p.or()
		p.must(")")
		return yes
	}
	switch f := p.peek(); f {
	case "attribute_exists", "attribute_not_exists", "begins_with":
		return p.function(p.next())
	}
	return p.comparison()
}

func (p *parser) function(name string) bool {
	p.must("(")
	v := p.value()
	if name == "begins_with" {
		p.must(",")
		prefix := p.value()
		p.must(")")
		text, ok := v.(*types.AttributeValueMemberS)
		begin, isText := prefix.(*types.AttributeValueMemberS)
		return ok && isText && strings.HasPrefix(text.Value, begin.Value)
	}
	p.must(")")
	return (v != nil) == (name == "attribute_exists")
}

func (p *parser) comparison() bool {
	a := p.value()
	op := p.next()
	b := p.value()
	if op == "BETWEEN" {
		p.must("AND")
		c := p.value()
		from, ok1 := compare(a, b)
		to, ok2 := compare(a, c)
		return ok1 && ok2 && from >= 0 && to <= 0
	}
	order, ok := compare(a, b)
	switch op {
	case "=":
		return ok && order == 0
	case "<>":
		return !ok || order != 0
	case "<":
		return ok && order < 0
	case "<=":
		return ok && order <= 0
	case ">":
		return ok && order > 0
	case ">=":
		return ok && order >= 0
	}
	p.fail()
	return false
}

// value is an attribute of the item, nil where it has none, or a value given with the expression.
func (p *parser) value() types.AttributeValue {
	t := p.next()
	switch {
	case strings.HasPrefix(t, ":"):
		if v, ok := p.values[t]; ok {
			return v
		}
	case strings.HasPrefix(t, "#"):
		if name, ok := p.names[t]; ok {
			return p.on[name]
		}
	}
	p.fail()
	return nil
}

// compare orders two values of one type; ok is false where they are of different types or have no order and differ.
func compare(a, b types.AttributeValue) (order int, ok bool) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		if b, same := b.(*types.AttributeValueMemberS); same {
			return strings.Compare(a.Value, b.Value), true
		}
	case *types.AttributeValueMemberN:
		if b, same := b.(*types.AttributeValueMemberN); same {
			return number(a.Value).compare(number(b.Value)), true
		}
	case *types.AttributeValueMemberBOOL:
		if b, same := b.(*types.AttributeValueMemberBOOL); same {
			return 0, a.Value == b.Value
		}
	}
	return 0, false
}

// number is a whole number as DynamoDB writes it.
type number string

func (n number) int() int64 {
	v, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil {
		panic("memory: the number " + string(n))
	}
	return v
}

func (n number) compare(m number) int {
	switch a, b := n.int(), m.int(); {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// apply carries out the clauses of an update: they read the item as it was.
func (w words) apply(expression string, old, new item) error {
	p := &parser{words: w, left: tokens(expression), on: old}
	for p.err == nil && len(p.left) > 0 {
		clause := p.next()
		for first := true; p.err == nil && (first || p.takes(",")); first = false {
			p.action(clause, new)
		}
	}
	return p.err
}

func (p *parser) action(clause string, new item) {
	name, ok := p.names[p.next()]
	if !ok {
		p.fail()
		return
	}
	switch clause {
	case "SET":
		p.must("=")
		new[name] = p.sum()
	case "ADD":
		by, ok := p.value().(*types.AttributeValueMemberN)
		if !ok {
			p.fail()
			return
		}
		new[name] = plus(p.on[name], by, 1)
	case "REMOVE":
		delete(new, name)
	default:
		p.fail()
	}
}

// sum is a value, or two added or subtracted.
func (p *parser) sum() types.AttributeValue {
	v := p.operand()
	sign := map[string]int64{"+": 1, "-": -1}[p.peek()]
	if sign != 0 {
		p.next()
		by := p.operand()
		if v != nil && by != nil {
			v = plus(v, by, sign)
		} else {
			v = nil
		}
	}
	if v == nil {
		p.fail()
	}
	return v
}

func (p *parser) operand() types.AttributeValue {
	if !p.takes("if_not_exists") {
		return p.value()
	}
	p.must("(")
	v := p.value()
	p.must(",")
	other := p.value()
	p.must(")")
	if v == nil {
		return other
	}
	return v
}

func plus(a, b types.AttributeValue, sign int64) types.AttributeValue {
	var sum int64
	if n, ok := a.(*types.AttributeValueMemberN); ok {
		sum = number(n.Value).int()
	}
	if n, ok := b.(*types.AttributeValueMemberN); ok {
		sum += sign * number(n.Value).int()
	}
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(sum, 10)}
}
