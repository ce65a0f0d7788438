package inbound

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxDepth bounds how deep HTML may be nested; what is deeper is left out.
const maxDepth = 200

// fromHTML is the text of a mail without what programs put into a quotation. What it cannot tell from the elements,
// Written finds in the lines.
func fromHTML(source string) string {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return ""
	}
	var b strings.Builder
	write(&b, root, 0)
	return b.String()
}

// blocks are the elements that stand on lines of their own.
var blocks = map[atom.Atom]bool{atom.P: true, atom.Div: true, atom.Br: true, atom.Tr: true, atom.Li: true,
	atom.H1: true,
	atom.H2: true, atom.H3: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Hr: true}

// write writes the text below a node and reports whether the mail that is answered begins there, so that nothing behind
// it counts.
func write(b *strings.Builder, n *html.Node, depth int) (ended bool) {
	switch {
	case depth > maxDepth:
		return false
	case n.Type == html.TextNode:
		b.WriteString(strings.Join(strings.Fields(" "+n.Data+" "), " "))
		if strings.HasSuffix(n.Data, " ") || strings.HasSuffix(n.Data, "\n") {
			b.WriteString(" ")
		}
		return false
	case n.DataAtom == atom.Script, n.DataAtom == atom.Style, n.DataAtom == atom.Head, n.DataAtom == atom.Blockquote:
		return false
	case quotes(n):
		return true
	}
	if blocks[n.DataAtom] {
		b.WriteString("\n")
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		if write(b, child, depth+1) {
			return true
		}
	}
	if blocks[n.DataAtom] && n.DataAtom != atom.Br {
		b.WriteString("\n")
	}
	return false
}

// quotes reports whether an element holds the mail that is answered: Gmail, Yahoo, Thunderbird and Outlook name theirs.
func quotes(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "class" && (strings.Contains(a.Val, "gmail_quote") || strings.Contains(a.Val, "yahoo_quoted") ||
			strings.Contains(a.Val, "moz-cite-prefix")) {
			return true
		}
		if a.Key == "id" && (a.Val == "divRplyFwdMsg" || a.Val == "appendonsend") {
			return true
		}
	}
	return false
}
