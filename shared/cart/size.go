package cart

// The most that the lines of a cart may hold, in bytes. The order stores each line, and its event has it once more; the
// item that holds both may have 300 KB (see package checkout, which measures the order itself before anything is paid).
const maxLinesSize = 144 * 1024

// lineOverhead is what an order stores of a line besides its texts: names of attributes, ids, amounts.
const lineOverhead = 600

// checkSize finds a cart whose order could not be stored. Only very many lines with long texts are that large.
func (p *Priced) checkSize() {
	size := 0
	for _, l := range p.Cart.Lines {
		size += p.lineSize(l)
	}
	if size > maxLinesSize {
		p.add("order_too_large", "", true, "The order would be too large; buy it in two, or with shorter line properties.",
			map[string]any{"bytes": size, "limit": maxLinesSize})
	}
}

// lineSize is about how many bytes the order stores of a line.
func (p *Priced) lineSize(l Line) int {
	size := lineOverhead
	for name, value := range l.Properties {
		size += len(name) + len(value)
	}
	g, known := p.Variants[l.VariantID]
	if !known {
		return size
	}
	size += len(g.Product.Title.In(p.Cart.Language, "en")) + len(g.Variant.SKU)
	image := g.Variant.Image
	if image == "" && len(g.Product.Images) > 0 {
		image = g.Product.Images[0].URL
	}
	size += len(image)
	for _, list := range [][]string{g.Variant.Options, g.Product.Categories, g.Product.Tags} {
		for _, one := range list {
			size += len(one)
		}
	}
	return size
}
