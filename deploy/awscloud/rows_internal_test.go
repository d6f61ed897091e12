package awscloud

import (
	"bytes"
	"testing"

	"junban/deploy"
)

// TestARowThatIsKnownIsNotDecodedAgain: of a thousand targets whose rows read as before, none comes to the decoder.
func TestARowThatIsKnownIsNotDecodedAgain(t *testing.T) {
	c := cut{of: &memory{}}
	c.of.rows.Store(&rows{"<old/>": {bytes: "<old/>", is: deploy.Target{Pair: deploy.Pair{Target: "i-1"}}}})
	answer := "<R>" + string(listBegins) + " <member><old/></member>\n<member><new/></member> " + string(listEnds) + "</R>"
	if got, want := c.take([]byte(answer)), "<R>"+string(listBegins)+" \n<member><new/></member> "+string(listEnds)+"</R>"; !bytes.Equal(got, []byte(want)) {
		t.Errorf("to be decoded: %s, want %s", got, want)
	}
}
