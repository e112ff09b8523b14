"""One set of numbers for marketing and sales: censoring-aware funnel analytics behind parameterised notebooks."""

__version__ = "0.1.0"
