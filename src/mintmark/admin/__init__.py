"""The doors of the operators: a JSON API for administrators (contract, "The admin API")."""
