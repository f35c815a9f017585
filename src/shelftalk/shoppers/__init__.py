"""What is known of shoppers: profiles read from their interactions, candidate sources that use history, predictions, churn, exposure."""
