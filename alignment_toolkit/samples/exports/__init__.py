"""The simulated company in vendors' clothes: the same records as HubSpot, Salesforce, Fivetran or Stripe would export them, warts included.

Written from what these systems are known to write, never from the mapping files: it is their independent test.
"""

from alignment_toolkit.samples.exports.form import Export
from alignment_toolkit.samples.exports.view import View
from alignment_toolkit.samples.exports.write import LABELLED, VENDORS, write_export

__all__ = ["LABELLED", "VENDORS", "Export", "View", "write_export"]
