package card

import (
	"junban/deploy"
)

// Thread tells what a few events have changed, in their order, as one message; ok is false if there is nothing to
// tell. before is the operation as it was before the first of them.
func (w Voice) Thread(before deploy.Operation, events []deploy.Event) (m Message, after deploy.Operation, ok bool, err error) {
	o := before
	var texts []Text
	var batch batch
	flush := func() {
		if text := batch.take(w, o); len(text) > 0 {
			texts = append(texts, text)
			m.Blocks = append(m.Blocks, Block{Text: text})
		}
	}
	for _, e := range events {
		was := o
		if o, err = deploy.Apply(o, e); err != nil {
			return m, o, false, err
		}
		if batch.add(w, was, o, e) {
			continue
		}
		said := w.tell(was, o, e)
		if len(said.text) == 0 {
			continue
		}
		flush()
		texts = append(texts, said.text)
		m.Blocks = append(m.Blocks, Block{Text: said.text})
		if said.code != "" {
			m.Blocks = append(m.Blocks, Block{Code: said.code})
		}
		if said.tone == Bad || m.Tone == Neutral {
			m.Tone = said.tone
		}
	}
	flush()
	if len(texts) == 0 {
		return m, o, false, nil
	}
	m.Text = texts[len(texts)-1].Plain()
	if m.Tone != Neutral {
		m.Text = w.titled(o)
	}
	m.Blocks = merge(m.Blocks)
	return m, o, true, nil
}

// merge puts paragraphs that follow each other into one block.
func merge(in []Block) []Block {
	var out []Block
	for _, b := range in {
		if n := len(out); n > 0 && b.Text != nil && out[n-1].Text != nil {
			out[n-1].Text = T(out[n-1].Text, "\n", b.Text)
			continue
		}
		out = append(out, b)
	}
	return out
}
